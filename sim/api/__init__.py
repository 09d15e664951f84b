"""What scripts and notebooks call; `import sim` finds these functions when they are first asked for."""
