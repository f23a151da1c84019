package cli

import (
	"fmt"
	"runtime/debug"
)

// A Fault is a panic of a command: Go would exit 2 for it, which means bad input here.
type Fault struct {
	value any
	stack []byte
}

// FaultOf gives the fault of a value that was recovered. One that a worker handed on keeps the worker's stack.
func FaultOf(value any) *Fault {
	if f, ok := value.(*Fault); ok {
		return f
	}
	return &Fault{value, debug.Stack()}
}

func (f *Fault) Error() string {
	return fmt.Sprintf("a fault in this program, please report it: %v", f.value)
}

// guarded turns a command's panic into a Fault.
func guarded(command func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = FaultOf(value)
		}
	}()
	return command()
}
