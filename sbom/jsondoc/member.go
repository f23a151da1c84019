package jsondoc

import (
	"strconv"

	"stellad/sbom/fault"
)

// member reads one member of the root.
func (w *Walk) member(name string) error {
	if w.d.PeekKind() == '[' && w.streamed(name) {
		return w.array(name)
	}
	value, err := w.read(w.known(name) || w.visitor.Wants(name))
	if err != nil {
		return w.plainly(err)
	}
	w.rest[name], w.lines[Step(name)] = value, w.Line()
	if err := w.weigh(w.visitor.Member(w, name, value)); err != nil {
		return err
	}
	return w.settled()
}

func (w *Walk) streamed(name string) bool {
	for _, c := range w.open {
		if c.arrays[name] != nil {
			return true
		}
	}
	return false
}

func (w *Walk) known(name string) bool {
	for _, c := range w.open {
		if c.members[name] {
			return true
		}
	}
	return false
}

func (w *Walk) read(keep bool) (any, error) {
	w.budget()
	v := values{d: w.d, tokens: MaxTokens}
	return v.read(keep)
}

func (w *Walk) array(name string) error {
	if _, err := w.d.ReadToken(); err != nil {
		return w.plainly(err)
	}
	w.rest[name] = []any{}
	seen := digests{known: map[[16]byte]struct{}{}}
	for i := 0; w.d.PeekKind() != ']'; i++ {
		w.budget()
		line := w.Line()
		value, err := w.read(true)
		if err != nil {
			return w.plainly(err)
		}
		if err := w.element(name, i, line, value, &seen); err != nil {
			return err
		}
	}
	if _, err := w.d.ReadToken(); err != nil {
		return w.plainly(err)
	}
	return nil
}

// element checks one element against each schema that is open.
func (w *Walk) element(name string, i, line int, value any, seen *digests) error {
	if err := w.weigh(w.visitor.Element(name, i, line, value)); err != nil {
		return err
	}
	isNew := !w.unique(name) || seen.add(value)
	for _, c := range w.open {
		array := c.arrays[name]
		if array == nil || c.err != nil {
			continue
		}
		f := check(array.items, value)
		if f == nil && array.unique && !isNew {
			f = fault.At(0, "", "it equals an element before it")
		}
		if f != nil {
			f.Line, f.Path = line, "/"+Step(name)+"/"+strconv.Itoa(i)+f.Path
			c.err = f
		}
	}
	return w.settled()
}

func (w *Walk) unique(name string) bool {
	for _, c := range w.open {
		if array := c.arrays[name]; array != nil && array.unique {
			return true
		}
	}
	return false
}
