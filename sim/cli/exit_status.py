"""What a command's exit status says: 0, output failed or a bound broken, bad input, a broken law, an interrupt."""

FAILED, INPUT_ERROR, MODEL_ERROR, INTERRUPTED = 1, 2, 3, 130
