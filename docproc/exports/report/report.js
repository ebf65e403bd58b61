"use strict";
// One document at a time; fields and boxes that share a number light up together. All text was put in by the server.
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  const asked = new URLSearchParams(location.search).get("theme");
  const remembered = () => { try { return localStorage.getItem("docproc-theme"); } catch { return null; } };
  const theme = asked || remembered();
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;

  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let pinned = null;

  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  function toggleTheme() {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("docproc-theme", root.dataset.theme); } catch { /* a page from disk may not remember */ }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const links = [...document.querySelectorAll(".list li a")];
    const search = document.querySelector(".finder input");
    const chips = [...document.querySelectorAll("[data-filter]")];
    const tip = document.querySelector(".tip");
    const current = () => document.querySelector(".document.current");
    const shown = () => links.filter((link) => !link.parentElement.hidden);

    function show() {
      const wanted = document.getElementById(location.hash.slice(1)) || document.querySelector(".document");
      if (!wanted || !wanted.classList.contains("document")) return;
      unlink();
      pinned = null;
      current()?.classList.remove("current");
      wanted.classList.add("current");
      for (const link of links) {
        const here = link.hash === "#" + wanted.id;
        if (here) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
        if (here) link.scrollIntoView({ block: "nearest" });
      }
    }

    function filter() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const status = chips.find((chip) => chip.getAttribute("aria-pressed") === "true").dataset.filter;
      for (const link of links) {
        const { status: own, search: text } = link.parentElement.dataset;
        link.parentElement.hidden = (status && own !== status) || !words.every((word) => text.includes(word));
      }
      document.querySelector(".nothing").hidden = shown().length > 0;
    }

    function step(by) {
      const open = shown();
      const at = open.findIndex((link) => link.hasAttribute("aria-current"));
      const next = open[Math.min(Math.max(at + by, 0), open.length - 1)];
      if (next) location.hash = next.hash;
    }

    function unlink() {
      const article = current();
      if (!article) return;
      article.classList.remove("linking");
      article.querySelectorAll(".on").forEach((element) => element.classList.remove("on"));
      tip.hidden = true;
    }

    // Scrolls the element's own pane and nothing around it, and only when the element is not in sight.
    function bringIntoView(element) {
      const pane = element.closest(".pages, .fields");
      const behavior = calm.matches ? "auto" : "smooth";
      if (getComputedStyle(pane).overflowY === "visible") {
        element.scrollIntoView({ block: "center", behavior });
        return;
      }
      const place = element.getBoundingClientRect();
      const frame = pane.getBoundingClientRect();
      const inSight = place.top >= frame.top + 8 && place.bottom <= frame.bottom - 8
        && place.left >= frame.left && place.right <= frame.right;
      if (inSight) return;
      pane.scrollBy({
        top: (place.top + place.bottom - frame.top - frame.bottom) / 2,
        left: (place.left + place.right - frame.left - frame.right) / 2,
        behavior,
      });
    }

    // Light up all that belongs to a number; `reveal` brings the other side into view.
    function link(element, reveal) {
      unlink();
      const article = current();
      const partners = [...article.querySelectorAll(`[data-f="${CSS.escape(element.dataset.f)}"]`)];
      partners.forEach((partner) => partner.classList.add("on"));
      article.classList.add("linking");
      const isBox = (one) => one.classList.contains("box");
      const box = isBox(element) ? element : partners.find(isBox);
      if (box) showTip(box);
      if (!reveal) return;
      const other = partners.find((partner) => isBox(partner) !== isBox(element));
      if (other) bringIntoView(other);
    }

    // The label lies on the page, in shares of it, so that it stays at its box whatever is scrolled or resized.
    function showTip(box) {
      const sheet = box.closest(".sheet");
      const place = box.getBoundingClientRect();
      const page = sheet.getBoundingClientRect();
      const share = (length, whole) => (100 * length) / whole + "%";
      tip.textContent = box.dataset.label;
      sheet.append(tip);
      tip.hidden = false;
      const isRight = place.left - page.left > page.width / 2;
      tip.style.left = isRight ? "auto" : share(place.left - page.left, page.width);
      tip.style.right = isRight ? share(page.right - place.right, page.width) : "auto";
      const hasRoom = place.top - page.top > tip.offsetHeight + 6;
      tip.style.top = hasRoom ? "auto" : share(place.bottom - page.top + 4, page.height);
      tip.style.bottom = hasRoom ? share(page.bottom - place.top + 4, page.height) : "auto";
    }

    // From a field path in an issue to the field itself.
    function goTo(path) {
      const target = current().querySelector(`.fields [data-path="${CSS.escape(path)}"]`);
      if (!target) return;
      bringIntoView(target);
      if (target.dataset.f === undefined) return;
      pinned = target;
      link(target, true);
    }

    const numbered = (event) => event.target.closest?.(".document.current [data-f]");
    const settle = () => { if (pinned) link(pinned, false); else unlink(); };

    document.addEventListener("mouseover", (event) => { const hit = numbered(event); if (hit) link(hit, false); });
    document.addEventListener("mouseout", (event) => { if (numbered(event)) settle(); });
    document.addEventListener("focusin", (event) => { const hit = numbered(event); if (hit) link(hit, true); });
    document.addEventListener("focusout", (event) => { if (numbered(event)) settle(); });
    function toggleZoom(button) {
      const pane = button.closest(".pages");
      const zoomed = pane.classList.toggle("zoomed");
      pane.querySelectorAll(".zoom").forEach((one) => one.setAttribute("aria-pressed", String(zoomed)));
      bringIntoView(pane.querySelector(".box.on") || button);
    }

    document.addEventListener("click", (event) => {
      const zoom = event.target.closest?.(".zoom");
      if (zoom) { toggleZoom(zoom); return; }
      const path = event.target.closest?.(".issues [data-path]");
      if (path) { goTo(path.dataset.path); return; }
      const hit = numbered(event);
      pinned = hit && hit !== pinned ? hit : null;
      if (pinned) link(pinned, true);
      else if (!hit) unlink();
    });
    document.addEventListener("keydown", (event) => {
      if (event.target.matches("input")) {
        if (event.key === "Escape") { search.value = ""; filter(); search.blur(); }
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const hit = event.target.closest(".document.current [data-f], .issues [data-path]");
      if (hit && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); hit.dispatchEvent(new MouseEvent("click", { bubbles: true })); }
      else if (event.key === "Escape") { pinned = null; unlink(); }
      else if (event.key === "/") { event.preventDefault(); search.focus(); }
      else if (event.key === "j") step(1);
      else if (event.key === "k") step(-1);
    });

    search.addEventListener("input", filter);
    for (const chip of chips) {
      chip.addEventListener("click", () => {
        chips.forEach((other) => other.setAttribute("aria-pressed", String(other === chip)));
        filter();
      });
    }
    document.querySelector(".theme").addEventListener("click", toggleTheme);
    addEventListener("hashchange", show);
    show();

    // a link to one field, such as report.html?f=3#d2
    const field = new URLSearchParams(location.search).get("f");
    const target = field && current()?.querySelector(`.fields [data-f="${CSS.escape(field)}"]`);
    if (target) { pinned = target; bringIntoView(target); link(target, true); }
  });
})();
