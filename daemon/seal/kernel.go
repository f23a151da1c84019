package seal

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// status has the lines of /proc/PID/status by their names.
func status(pid int) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	lines := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		lines[name] = strings.TrimSpace(value)
	}
	return lines, err
}

// privileges looks at capabilities, and whether any could be gained by executing something.
func privileges(name string, pid int) Seal {
	s, err := status(pid)
	if err != nil {
		return unknown(name, err)
	}
	none := func(set string) bool { return set != "" && strings.Trim(set, "0") == "" }
	return Seal{
		name, none(s["CapPrm"]) && none(s["CapEff"]) && s["NoNewPrivs"] == "1",
		fmt.Sprintf("capabilities %s, no new privileges: %s", s["CapPrm"], yes(s["NoNewPrivs"] == "1")),
	}
}

// calls looks at the filter of system calls.
func calls() Seal {
	const name = "system calls"
	s, err := status(os.Getpid())
	if err != nil {
		return unknown(name, err)
	}
	return Seal{name, s["Seccomp"] == "2", fmt.Sprintf("seccomp mode %s, %s filters", s["Seccomp"], s["Seccomp_filters"])}
}

// files looks at whether a process could open any more.
func files(name string, pid int) Seal {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "limits"))
	if err != nil {
		return unknown(name, err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, is := strings.CutPrefix(line, "Max open files"); is {
			words := strings.Fields(rest)
			return Seal{name, len(words) > 1 && words[0] == "0" && words[1] == "0", fmt.Sprintf("it may open %s more, at most ever %s", words[0], words[1])}
		}
	}
	return Seal{name, false, "not known: no limit of open files in /proc"}
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
