package strictxml

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"stellad/sbom/fault"
)

// Caps of a document.
const (
	MaxToken      = 16 << 20 // bytes of one text
	MaxAttributes = 64       // of one element
	MaxDepth      = 128      // of elements
	maxTag        = 64 << 10 // bytes of one tag
)

// Name is a name in its namespace; Space is empty where it has none.
type Name struct{ Space, Local string }

// Attribute is one of an element; declarations of namespaces are none.
type Attribute struct {
	Name  Name
	Value string
}

// Token is a start, an end or a text. Text is a slice of the reader's own,
// until the next token.
type Token struct {
	Kind       Kind
	Name       Name // of a start or an end
	Attributes []Attribute
	Text       []byte
}

// Kind says what a token is.
type Kind int

// The kinds of tokens. Comments and processing instructions are none.
const (
	Start Kind = iota + 1
	End
	Text
)

// Reader reads a document's tokens.
type Reader struct {
	src   *source
	d     *xml.Decoder
	open  []element
	begun bool // the root has started
	first bool // something has been read
	scope map[string]string
}

type element struct {
	raw      xml.Name
	name     Name
	outer    map[string]string // the prefixes around it, where it declares some
	declares bool
}

// NewReader reads from r, which it may read ahead of.
func NewReader(r io.Reader) *Reader {
	src := &source{r: bufio.NewReaderSize(r, 64<<10)}
	if mark, _ := src.r.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = src.r.Discard(len(mark)) // XML allows it in UTF-8; it was peeked at, and is there
	}
	d := xml.NewDecoder(src)
	d.Strict = true
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	return &Reader{src: src, d: d, scope: map[string]string{"xml": "http://www.w3.org/XML/1998/namespace"}}
}

// Line is where the reader is, from 1.
func (r *Reader) Line() int {
	line, _ := r.d.InputPos()
	return line
}

// Next gives the next token, io.EOF after a whole document, else a *fault.Error
// or the error of what is read.
func (r *Reader) Next() (Token, error) {
	for {
		r.src.start()
		raw, err := r.d.RawToken()
		if err != nil {
			return Token{}, r.end(err)
		}
		token, err := r.token(raw)
		if err != nil || token.Kind != 0 {
			return token, err
		}
	}
}

var errEncoding = errors.New("another encoding is declared than UTF-8")

func (r *Reader) end(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case r.src.err != nil:
		return r.src.err
	case errors.Is(err, errTooLarge):
		return r.fault("a text of more than %d MiB", MaxToken>>20)
	case errors.Is(err, errEncoding):
		return r.fault("%s", errEncoding)
	case errors.Is(err, io.EOF) && len(r.open) == 0 && r.begun:
		return io.EOF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return r.fault("the document is cut short")
	case errors.As(err, &syntax):
		return r.fault("%s", strings.Replace(syntax.Msg, "unexpected EOF", "the document is cut short", 1))
	}
	return r.fault("%s", strings.TrimPrefix(err.Error(), "xml: "))
}

func (r *Reader) fault(format string, args ...any) error {
	return fault.At(r.Line(), "", format, args...)
}

func (r *Reader) token(raw xml.Token) (Token, error) {
	first := !r.first
	r.first = true
	switch raw := raw.(type) {
	case xml.StartElement:
		return r.startElement(raw)
	case xml.EndElement:
		return r.endElement(raw)
	case xml.CharData:
		return r.text(raw)
	case xml.ProcInst:
		return Token{}, r.instruction(raw, first)
	case xml.Directive:
		return Token{}, r.fault("a document type or another declaration (<!…>), which is not read")
	case xml.Comment:
		return Token{}, r.characters(raw)
	}
	return Token{}, nil
}

// characters holds what encoding/xml passes over against XML 1.0 §2.2.
func (r *Reader) characters(text []byte) error {
	for len(text) > 0 {
		c, size := utf8.DecodeRune(text)
		switch {
		case c == utf8.RuneError && size == 1:
			return r.fault("it is not UTF-8")
		case c < ' ' && c != '\t' && c != '\n' && c != '\r', c == 0xfffe, c == 0xffff:
			return r.fault("a character (%#x) that XML does not have", c)
		}
		text = text[size:]
	}
	return nil
}

func (r *Reader) text(text []byte) (Token, error) {
	if len(r.open) > 0 {
		return Token{Kind: Text, Text: text}, nil
	}
	if strings.Trim(string(text), " \t\r\n") != "" {
		return Token{}, r.fault("text outside of the root element")
	}
	if len(r.src.tag) > 0 && (r.src.tag[0] == '<' || slices.Contains(r.src.tag, '&')) {
		return Token{}, r.fault("a CDATA section or a reference outside of the root element")
	}
	return Token{}, nil
}

func (r *Reader) instruction(raw xml.ProcInst, first bool) error {
	if rest := bytes.TrimPrefix(r.src.tag, []byte("<?"+raw.Target)); len(rest) == 0 || !strings.ContainsRune(" \t\r\n?", rune(rest[0])) {
		return r.fault("no space after the name of a processing instruction")
	}
	if !strings.EqualFold(raw.Target, "xml") {
		if strings.Contains(raw.Target, ":") {
			return r.fault("a colon in the name of a processing instruction")
		}
		return r.characters(raw.Inst)
	}
	if raw.Target != "xml" || !first {
		return r.fault("an XML declaration that is not the document's start")
	}
	if !declaration.Match(raw.Inst) {
		return r.fault("the XML declaration %s is not read: it must say version 1.0 and, if any, encoding UTF-8", fault.Quote(string(raw.Inst)))
	}
	return nil
}
