"""Words to the model, and the model to lines. Pure: nothing here reads, writes or asks the kernel."""
