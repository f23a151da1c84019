package faults

func writeForever(string) int { return 1 }
