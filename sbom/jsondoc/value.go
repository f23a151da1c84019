package jsondoc

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"stellad/sbom/fault"
)

// values makes Go values of tokens: what encoding/json makes of them, with
// numbers as json.Number.
type values struct {
	d      *jsontext.Decoder
	tokens int // that the value under way may still have
}

var errTokens = errors.New("too many tokens")

// read reads one value. keep says whether it is wanted: nil is given otherwise.
func (v *values) read(keep bool) (any, error) {
	token, err := v.next()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		return v.object(keep)
	case '[':
		return v.array(keep)
	case '"':
		if !keep {
			return nil, nil
		}
		return token.String(), nil
	case '0':
		return number(token.String())
	case 't', 'f':
		return token.Bool(), nil
	}
	return nil, nil // null
}

func (v *values) next() (jsontext.Token, error) {
	if v.tokens--; v.tokens < 0 {
		return jsontext.Token{}, errTokens
	}
	token, err := v.d.ReadToken()
	if err == nil && v.d.StackDepth() > maxDepth {
		return token, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	return token, err
}

func (v *values) array(keep bool) (any, error) {
	list := []any{}
	for v.d.PeekKind() != ']' {
		element, err := v.read(keep)
		if err != nil {
			return nil, err
		}
		if keep {
			list = append(list, element)
		}
	}
	_, err := v.next()
	return list, err
}

func (v *values) object(keep bool) (any, error) {
	members := map[string]any{}
	var names names
	for v.d.PeekKind() != '}' {
		token, err := v.next()
		if err != nil {
			return nil, err
		}
		name := token.String()
		if err := names.add(name); err != nil {
			return nil, err
		}
		value, err := v.read(keep)
		if err != nil {
			return nil, err
		}
		if keep {
			members[name] = value
		}
	}
	_, err := v.next()
	return members, err
}

// names are an object's. Most readers in Go take one that differs in case alone
// for another, and others do not: one text would be two documents.
type names struct {
	few    []string
	folded map[string]bool
}

func (n *names) add(name string) error {
	const few = 16
	if n.folded == nil && len(n.few) < few {
		for _, other := range n.few {
			if strings.EqualFold(name, other) {
				return sameName(name)
			}
		}
		n.few = append(n.few, name)
		return nil
	}
	if n.folded == nil {
		n.folded = map[string]bool{}
		for _, other := range n.few {
			n.folded[fold(other)] = true
		}
	}
	folded := fold(name)
	if n.folded[folded] {
		return sameName(name)
	}
	n.folded[folded] = true
	return nil
}

// fold gives all names that strings.EqualFold holds equal one form: the two
// letters beyond ASCII that fold into it are K (Kelvin) and ſ, which lower
// after upper case brings there.
func fold(name string) string {
	return strings.ToLower(strings.ToUpper(name))
}

func sameName(name string) error {
	return fmt.Errorf("the name %s stands twice in one object, differing in case alone", fault.Quote(name))
}

// number refuses what takes its reader long: 1e999999999 is ten bytes of text
// and a billion digits.
func number(text string) (any, error) {
	const maxLength, maxExponent = 64, 400
	if len(text) > maxLength {
		return nil, fmt.Errorf("a number of more than %d characters", maxLength)
	}
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		exponent, err := strconv.Atoi(text[at+1:])
		if err != nil || exponent > maxExponent || exponent < -maxExponent {
			return nil, fmt.Errorf("a number with an exponent beyond ±%d", maxExponent)
		}
	}
	return json.Number(text), nil
}
