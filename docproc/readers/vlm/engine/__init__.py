"""The engine: one model in this process, which pages of any documents and jobs share; knows no page and no schema.

    engine = load_engine(EngineConfig(model=Path("NVLM-D-72B")))        # seconds to minutes, once a process
    generation = engine.generate(Request(prompt=..., constraint=...), checkpoint=window.checkpoint)
    engine.close()

- `Engine.generate` may be called from any number of threads. They wait; one thread of the engine's own passes over all
  rows at once. Rows join and leave between passes. As soon as `checkpoint` raises, the row leaves, and what was raised
  comes out of `generate`.
- `Engine.submit` gives a `Ticket` instead, for those who wait otherwise: `done`, `result()`, `cancel()`.
- A `Request` has a prompt of the model's own processor, a constraint and a drafter of `docproc.decoding`, the most
  tokens of its answer, and the name of an adapter. What comes back is a `decoding.generation.Generation`.
- `Engine.load` says how many rows run and wait, `Engine.passes` how many passes were made.
- A row that fails fails alone, and so does a prompt that the model cannot take (UnsupportedError). When the device
  fails, every request gets a ReaderUnavailableError, then and later:
  the process should end and be started again.
- `EngineConfig.rows` bounds how many rows share a pass; others wait in the order in which they came.

`docproc.readers.vlm.reader.VlmReader(config, engine=...)` takes an engine that its process made already; without one it
loads its own when the first window comes.
"""
