"""The report: one self-contained HTML file that shows every value beside the place on the page that proves it."""
