package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Domain is the organization's mail domain.
const Domain = "example.com"

const (
	mailboxes = 2_000
	domains   = 20_000
	// perDomain is how many people of another domain write or are written to.
	perDomain = 50
)

var (
	firstNames = strings.Fields(`anna ben carla david elif farid greta hugo ines jonas karin luca maria nils olga paul
		quentin rosa stefan tara umar vera willem xenia yusuf zoe aylin bruno claire dmitri`)
	lastNames = strings.Fields(`abel berger costa dubois eriksen fischer garcia hansen ivanova jansen keller lopez martin
		novak oliveira petit quist rossi schmidt tanaka urban vogel weber xu yilmaz zimmer amari brandt conti drake`)
	words = strings.Fields(`invoice report meeting minutes offer order delivery contract project update schedule budget
		review proposal question answer reminder ticket release holiday training survey payment statement account
		summary weekly monthly annual draft final new open important request approval feedback agenda notes plan`)
)

// Mailbox returns the address of one of the organization's mailboxes.
func Mailbox(n int) string {
	n %= mailboxes
	f, l := firstNames[n%len(firstNames)], lastNames[n/len(firstNames)%len(lastNames)]
	if k := n / (len(firstNames) * len(lastNames)); k > 0 {
		return fmt.Sprintf("%s.%s%d@%s", f, l, k+1, Domain)
	}
	return f + "." + l + "@" + Domain
}

// outsider returns the address of person p of another domain d.
func outsider(d, p int) string {
	return fmt.Sprintf("%s.%s@%s", firstNames[p%len(firstNames)], lastNames[(p+d)%len(lastNames)], otherDomain(d))
}

func otherDomain(d int) string {
	tld := [...]string{"com", "org", "net", "de", "fr"}[d%5]
	return fmt.Sprintf("%s-%s%d.%s.test", words[d%len(words)], lastNames[d/7%len(lastNames)], d, tld)
}

// people draws addresses, few of them often and many of them seldom.
type people struct {
	rng     *rand.Rand
	mailbox *rand.Zipf
	domain  *rand.Zipf
	person  *rand.Zipf
}

func newPeople(rng *rand.Rand) *people {
	return &people{
		rng:     rng,
		mailbox: rand.NewZipf(rng, 1.1, 20, mailboxes-1),
		domain:  rand.NewZipf(rng, 1.2, 10, domains-1),
		person:  rand.NewZipf(rng, 1.3, 3, perDomain-1),
	}
}

func (p *people) inside() string { return Mailbox(int(p.mailbox.Uint64())) }
func (p *people) outside() string {
	return outsider(int(p.domain.Uint64()), int(p.person.Uint64()))
}

// several returns one to eight addresses, two on average.
func (p *people) several(draw func() string) []string {
	list := []string{draw()}
	for len(list) < 8 && p.rng.Float64() < 0.52 {
		list = append(list, draw())
	}
	return list
}

func (p *people) subject() string {
	var b strings.Builder
	if p.rng.Float64() < 0.35 {
		b.WriteString("Re: ")
	}
	for i := range 2 + p.rng.IntN(4) {
		w := words[p.rng.IntN(len(words))]
		if i == 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		} else {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	if p.rng.Float64() < 0.4 {
		fmt.Fprintf(&b, " %d", p.rng.IntN(100_000))
	}
	return b.String()
}
