package worker

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"stellad/policy/engine"
)

// What a process is asked.
const (
	opLoad   = "load"   // Bundle: to be compiled, and evaluated from now on
	opDecide = "decide" // Facts or Known, and More
	opTest   = "test"   // Bundle: its own tests
)

type request struct {
	Op     string          `json:"op"`
	Bundle []byte          `json:"bundle,omitempty"`
	Facts  json.RawMessage `json:"facts,omitempty"`
	Known  string          `json:"known,omitempty"` // the digest that facts are known by from now on
	More   map[string]any  `json:"more,omitempty"`
}

type reply struct {
	Code    string          `json:"code,omitempty"` // of failures; empty where it worked
	Message string          `json:"message,omitempty"`
	Answer  json.RawMessage `json:"answer,omitempty"`
	Summary *Summary        `json:"summary,omitempty"`
	Tests   []engine.Test   `json:"tests,omitempty"`
}

// A Summary is what a bundle is, compiled.
type Summary struct {
	Revision     string   `json:"revision"`
	Environments []string `json:"environments"`
}

func writeFrame(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(text) > maxFrame {
		return fmt.Errorf("a frame of %d bytes, more than %d", len(text), maxFrame)
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(text)), uint32(len(text))), text...))
	return err
}

func readFrame(r io.Reader, v any) error {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxFrame {
		return fmt.Errorf("a frame of %d bytes, more than %d", n, maxFrame)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}
