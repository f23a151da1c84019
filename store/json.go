package store

import "encoding/json"

// PutJSON writes a value as JSON, in the order of its fields.
func (r Rows) PutJSON(key []byte, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return r.Put(key, text)
}

// GetJSON reads what PutJSON wrote into value: ErrNotFound where there is none.
func (r Rows) GetJSON(key []byte, value any) error {
	text, err := r.Get(key)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, value)
}
