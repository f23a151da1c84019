package pkcs11

import (
	"fmt"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// What PKCS#11 3.0 has and the binding has not.
const (
	ckmEdwardsKeyPairGen = 0x1055
	ckmEdDSA             = 0x1057
	ckkEdwards           = 0x40
)

// used are the mechanisms that are of use here, by name.
var used = []struct {
	mechanism uint
	name      string
}{
	{pkcs11.CKM_EC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN"},
	{pkcs11.CKM_ECDSA, "CKM_ECDSA"},
	{ckmEdwardsKeyPairGen, "CKM_EC_EDWARDS_KEY_PAIR_GEN"},
	{ckmEdDSA, "CKM_EDDSA"},
	{pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, "CKM_RSA_PKCS_KEY_PAIR_GEN"},
	{pkcs11.CKM_RSA_PKCS_PSS, "CKM_RSA_PKCS_PSS"},
	{pkcs11.CKM_AES_KEY_GEN, "CKM_AES_KEY_GEN"},
	{pkcs11.CKM_AES_KEY_WRAP, string(hsm.KeyWrap)},
	{pkcs11.CKM_AES_KEY_WRAP_PAD, string(hsm.KeyWrapPad)},
}

// mechanisms asks which of those the token has.
func (m *Module) mechanisms(slot uint) (map[uint]pkcs11.MechanismInfo, error) {
	list, err := m.ctx.GetMechanismList(slot)
	if err != nil {
		return nil, err
	}
	has := map[uint]pkcs11.MechanismInfo{}
	for _, mechanism := range list {
		for _, u := range used {
			if u.mechanism == mechanism.Mechanism {
				// Its flags are a bonus: a module that does not tell them is used all the same.
				has[u.mechanism], _ = m.ctx.GetMechanismInfo(slot, []*pkcs11.Mechanism{mechanism})
			}
		}
	}
	return has, nil
}

// need is ErrMechanism where the token lacks one.
func (e *epoch) need(mechanisms ...uint) error {
	for _, mechanism := range mechanisms {
		if _, has := e.mechanisms[mechanism]; !has {
			return fmt.Errorf("%w: it has no %s", hsm.ErrMechanism, nameOf(mechanism))
		}
	}
	return nil
}

func nameOf(mechanism uint) string {
	for _, u := range used {
		if u.mechanism == mechanism {
			return u.name
		}
	}
	return fmt.Sprintf("mechanism %#x", mechanism)
}

// names lists what the token has, in the order above.
func (e *epoch) names() (all []string) {
	for _, u := range used {
		if _, has := e.mechanisms[u.mechanism]; has {
			all = append(all, u.name)
		}
	}
	return all
}

func wrapping(m hsm.Mechanism) uint {
	if m == hsm.KeyWrap {
		return pkcs11.CKM_AES_KEY_WRAP
	}
	return pkcs11.CKM_AES_KEY_WRAP_PAD
}
