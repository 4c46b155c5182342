package sigv4

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The key, time and scope of the test vectors that AWS publishes for signature
// version 4.
const (
	vectorKey    = "AKIDEXAMPLE"
	vectorSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	vectorScope  = vectorKey + "/20150830/us-east-1/service/aws4_request"
	vectorToken  = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
)

var vectorTime = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

func vectorLookup(_ context.Context, id, _ string) (string, error) {
	if id != vectorKey {
		return "", UnknownKey()
	}
	return vectorSecret, nil
}

// vector is one published case: what is asked, and the signatures that AWS
// gives for its header form and for its presigned form (3600 seconds).
type vector struct {
	name    string
	method  string
	target  string
	headers [][2]string // beyond host and x-amz-date
	token   string
	body    string
	header  string
	query   string
}

var vectors = []vector{
	{name: "plain", method: "GET", target: "/",
		header: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		query:  "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
	{name: "post", method: "POST", target: "/",
		header: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
		query:  "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b"},
	{name: "header given thrice", method: "GET", target: "/",
		headers: [][2]string{{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
		header:  "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
		query:   "3349ee0b81b4b589da0ff28a395c3591e04de515651dd74f298fa992d1507a97"},
	{name: "header folded", method: "GET", target: "/",
		headers: [][2]string{{"My-Header1", "value1\r\n  value2\r\n     value3"}},
		header:  "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd",
		query:   "e6f5def831211aca02987a44b96826706278c7bc078112ae0263659c5b2f2d56"},
	{name: "header values keep their order", method: "GET", target: "/",
		headers: [][2]string{{"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}},
		header:  "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
		query:   "313720e71ca6202fdcfa9b20f88de01a4eb0638a83c833b1c184359a4eda864e"},
	{name: "spaces within quotes", method: "GET", target: "/",
		headers: [][2]string{{"My-Header1", " value1"}, {"My-Header2", ` "a   b   c"`}},
		header:  "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
		query:   "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4"},
	{name: "header value keeps its case", method: "POST", target: "/",
		headers: [][2]string{{"My-Header1", "VALUE1"}},
		header:  "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
		query:   "0698bc9e4f7f9139065ba2909c0e99da257e8e2a42492a097bcd46d792391fed"},
	{name: "up one", method: "GET", target: "/example/..",
		header: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		query:  "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
	{name: "up two", method: "GET", target: "/example1/example2/../..",
		header: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		query:  "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
	{name: "dot", method: "GET", target: "/./",
		header: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		query:  "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
	{name: "dot before a name", method: "GET", target: "/./example",
		header: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
		query:  "35034b1a0bdd969f346975386daf8aedfd4976573b8348cf4f67eaa41c5857de"},
	{name: "slashes", method: "GET", target: "//example//",
		header: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
		query:  "c1834e8fb0307243711f0f907f6ab7311ed300d87f13792d7ee4da89ab93e082"},
	{name: "space in path", method: "GET", target: "/example space/",
		header: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
		query:  "7a1f416954786484c9824d93c1f26ef64acb9b1b6c9154d08c9f07d0e394abf6"},
	{name: "unreserved in path", method: "GET", target: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
		header: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
		query:  "95968482db1b9e0fadef6efc1bd24689f77c77d9ef56919c96a28cc92e0d6005"},
	{name: "UTF-8 in path", method: "GET", target: "/\u1234",
		header: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
		query:  "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44"},
	{name: "query", method: "GET", target: "/?Param1=value1",
		header: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
		query:  "49096700cbbaa5753443850f40df10f904fc2fdb544dc9512203cc77c471a9de"},
	{name: "query sorted by encoded name", method: "GET", target: "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
		header: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
		query:  "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787"},
	{name: "query sorted", method: "GET", target: "/?Param2=value2&Param1=value1",
		header: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
		query:  "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5"},
	{name: "UTF-8 in query", method: "GET", target: "/?\u1234=bar",
		header: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
		query:  "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600"},
	{name: "post with query", method: "POST", target: "/?Param1=value1",
		header: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
		query:  "a9ef26247f293bffe40eeff86a0480ba8c14d31503b2e0c3399e3a16bf1a3682"},
	{name: "session token", method: "GET", target: "/", token: vectorToken,
		header: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
		query:  "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c"},
	{name: "form", method: "POST", target: "/", body: "Param1=value1",
		headers: [][2]string{{"Content-Type", "application/x-www-form-urlencoded"},
			{"X-Amz-Content-Sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
		header: "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
}

// request builds the vector's request without the part that signs it.
func (v vector) request() *http.Request {
	path, query, _ := strings.Cut(v.target, "?")
	r := &http.Request{Method: v.method, Host: "example.amazonaws.com", Header: http.Header{},
		URL: &url.URL{Path: path, RawPath: path, RawQuery: query}}
	for _, h := range v.headers {
		r.Header.Add(h[0], h[1])
	}
	if v.body != "" {
		r.ContentLength = int64(len(v.body))
	}
	return r
}

// signedNames lists the vector's signed headers, with the extra ones.
func (v vector) signedNames(extra ...string) string {
	names := append([]string{"host"}, extra...)
	for _, h := range v.headers {
		names = append(names, strings.ToLower(h[0]))
	}
	if v.body != "" {
		names = append(names, "content-length")
	}
	return strings.Join(names, ";")
}

func TestPublishedVectorsHeaderForm(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			r := v.request()
			r.Header.Set("X-Amz-Date", vectorTime.Format(timeFormat))
			names := v.signedNames("x-amz-date")
			if v.token != "" {
				r.Header.Set("X-Amz-Security-Token", v.token)
				names += ";x-amz-security-token"
			}
			r.Header.Set("Authorization", algorithm+" Credential="+vectorScope+", SignedHeaders="+names+", Signature="+v.header)
			id, err := NewVerifier(0).Verify(r, []byte(v.body), vectorTime, vectorLookup)
			if err != nil {
				t.Fatal(err)
			}
			if id.AccessKeyID != vectorKey || id.SessionToken != v.token || id.Region != "us-east-1" ||
				id.Service != "service" || !id.SignedAt.Equal(vectorTime) || id.Presigned {
				t.Errorf("identity %+v", id)
			}
		})
	}
}

func TestPublishedVectorsPresignedForm(t *testing.T) {
	for _, v := range vectors {
		if v.query == "" {
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			r := v.request()
			presign(r, v.signedNames(), v.token, 3600, v.query)
			id, err := NewVerifier(0).Verify(r, []byte(v.body), vectorTime.Add(time.Hour), vectorLookup)
			if err != nil {
				t.Fatal(err)
			}
			if id.AccessKeyID != vectorKey || id.SessionToken != v.token || !id.Presigned {
				t.Errorf("identity %+v", id)
			}
		})
	}
}

func presign(r *http.Request, signedNames, token string, expires int, signature string) {
	add := func(name, value string) {
		if r.URL.RawQuery != "" {
			r.URL.RawQuery += "&"
		}
		r.URL.RawQuery += name + "=" + url.QueryEscape(value)
	}
	add("X-Amz-Algorithm", algorithm)
	add("X-Amz-Credential", vectorScope)
	add("X-Amz-Date", vectorTime.Format(timeFormat))
	add("X-Amz-SignedHeaders", strings.Join(dedup(signedNames), ";"))
	add("X-Amz-Expires", strconv.Itoa(expires))
	if token != "" {
		add("X-Amz-Security-Token", token)
	}
	add("X-Amz-Signature", signature)
}

// dedup keeps the first of each name: a header given thrice is named once.
func dedup(list string) []string {
	var names []string
	seen := map[string]bool{}
	for name := range strings.SplitSeq(list, ";") {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}
