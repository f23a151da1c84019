package soft

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"stellad/hsm"
)

// Key wrapping with padding, RFC 5649, over the rounds of RFC 3394 §2.2. What is wrapped is 9 bytes or more: the form
// for 8 and less is of no use here.

const (
	semiblock  = 8
	alternate  = 0xA65959A6 // RFC 5649 §3: the constant half of the initial value
	maxWrapped = 1 << 20
)

var errWrapped = fmt.Errorf("%w: the wrapped key does not open with the wrapping key", hsm.ErrInvalid)

func wrapPad(key, plain []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if len(plain) <= semiblock || len(plain) > maxWrapped {
		return nil, fmt.Errorf("%w: %d bytes can't be wrapped", hsm.ErrInvalid, len(plain))
	}
	padded := (len(plain) + semiblock - 1) / semiblock * semiblock
	out := make([]byte, semiblock+padded)
	binary.BigEndian.PutUint32(out, alternate)
	binary.BigEndian.PutUint32(out[4:], uint32(len(plain)))
	copy(out[semiblock:], plain)
	rounds(block, out, false)
	return out, nil
}

func unwrapPad(key, wrapped []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if len(wrapped) < 3*semiblock || len(wrapped)%semiblock != 0 || len(wrapped) > maxWrapped+2*semiblock {
		return nil, errWrapped
	}
	out := append([]byte{}, wrapped...)
	rounds(block, out, true)
	n, plain := int(binary.BigEndian.Uint32(out[4:])), out[semiblock:]
	if binary.BigEndian.Uint32(out) != alternate || n <= len(plain)-semiblock || n > len(plain) ||
		subtle.ConstantTimeCompare(plain[n:], make([]byte, len(plain)-n)) != 1 {
		clear(out)
		return nil, errWrapped
	}
	return plain[:n], nil
}

// rounds are the six passes over A‖R[1]‖…‖R[n], forward or back.
func rounds(block cipher.Block, b []byte, back bool) {
	n := len(b)/semiblock - 1
	var buf [2 * semiblock]byte
	for k := range 6 * n {
		t := k
		if back {
			t = 6*n - 1 - k
		}
		r := b[(t%n+1)*semiblock : (t%n+2)*semiblock]
		copy(buf[:semiblock], b)
		copy(buf[semiblock:], r)
		if back {
			step(buf[:semiblock], uint64(t+1))
			block.Decrypt(buf[:], buf[:])
		} else {
			block.Encrypt(buf[:], buf[:])
			step(buf[:semiblock], uint64(t+1))
		}
		copy(b[:semiblock], buf[:semiblock])
		copy(r, buf[semiblock:])
	}
}

func step(a []byte, t uint64) { binary.BigEndian.PutUint64(a, binary.BigEndian.Uint64(a)^t) }
