"""Fine-tuning an NVLM on documents with known answers; knows no store, no queue and no reader."""
