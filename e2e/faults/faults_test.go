package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"golang.org/x/sync/errgroup"
)

// lab is a server with a disk that fails, and those who write to it.
type lab struct {
	t        *testing.T
	disk     *disk
	server   *server
	client   *cloudwatchlogs.Client
	random   *rand.Rand
	writers  []*writer
	checkers []*checker
}

const groups, writersAGroup = 2, 3

func newLab(t *testing.T, random *rand.Rand) *lab {
	t.Helper()
	d := newDisk(t)
	l := newLabOn(t, random, filepath.Join(d.mount, "data"))
	l.disk = d
	return l
}

// newLabOn is a lab with the data folder on an ordinary disk.
func newLabOn(t *testing.T, random *rand.Rand, data string) *lab {
	t.Helper()
	l := &lab{t: t, random: random}
	l.server = newServer(t, data)
	if err := l.server.start(); err != nil {
		t.Fatal(err)
	}
	l.client = l.server.client(t)
	for g := range groups {
		group := fmt.Sprint("group-", g)
		if _, err := l.client.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group}); err != nil {
			t.Fatal(err)
		}
		for s := range writersAGroup {
			l.addWriter(group, fmt.Sprintf("stream-%d-%d", g, s), s == 0)
		}
	}
	return l
}

func (l *lab) addWriter(group, stream string, tokens bool) {
	l.t.Helper()
	_, err := l.client.CreateLogStream(l.t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream})
	if err != nil {
		l.t.Fatal(err)
	}
	w := &writer{group: group, stream: stream, client: l.client, tokens: tokens, pending: -1,
		random: rand.New(rand.NewPCG(l.random.Uint64(), 1)), refused: map[string]int{}}
	if tokens {
		// The first batch has no token to give; its answer has one.
		w.pending = w.batch()
		if done, err := w.put(l.t.Context()); err != nil || !done {
			l.t.Fatalf("first batch: %v %v", err, w.refused)
		}
	}
	l.writers = append(l.writers, w)
	l.checkers = append(l.checkers, &checker{w: w})
}

// fault is one way to fail while the writers write. It returns with the server
// running.
type fault struct {
	name   string
	weight int
	strike func(*lab, context.Context) error
}

var kinds = []fault{
	{"kill", 8, (*lab).killed},
	{"power cut", 6, (*lab).powerCut},
	{"clean stop", 2, (*lab).cleanStop},
	{"disk full", 2, func(l *lab, ctx context.Context) error { return l.disturb(ctx, full) }},
	{"fsync fails", 2, func(l *lab, ctx context.Context) error { return l.disturb(ctx, syncFails) }},
	{"read-only", 1, func(l *lab, ctx context.Context) error { return l.disturb(ctx, readOnly) }},
}

func pick(random *rand.Rand) fault {
	total := 0
	for _, k := range kinds {
		total += k.weight
	}
	n := random.IntN(total)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			return k
		}
	}
	panic("unreachable")
}

// moment is a random time for the writers to write undisturbed.
func (l *lab) moment(ctx context.Context, most int) {
	pause(ctx, time.Duration(5+l.random.IntN(most))*time.Millisecond)
}

func (l *lab) killed(ctx context.Context) error {
	l.moment(ctx, 300)
	l.server.kill()
	return l.server.start()
}

func (l *lab) powerCut(ctx context.Context) error {
	l.moment(ctx, 300)
	l.server.kill()
	if _, err := l.disk.cutPower(l.random); err != nil {
		return err
	}
	return l.server.start()
}

func (l *lab) cleanStop(ctx context.Context) error {
	l.moment(ctx, 300)
	if err := l.server.stop(); err != nil {
		return err
	}
	return l.server.start()
}

// disturb lets the disk fail for a while. The server lives on, under its own
// process id, and is read from. After a while it begins anew by itself if a
// write of the log engine failed under way; on a disk that is read-only or whose
// fsyncs fail it cannot do that before the disk is well again.
func (l *lab) disturb(ctx context.Context, m mode) error {
	l.moment(ctx, 300)
	l.disk.fail(m)
	defer l.disk.fail(healthy)
	l.moment(ctx, 500)
	if m == full {
		if err := l.readable(ctx); err != nil {
			return fmt.Errorf("read while the disk fails: %w", err)
		}
	}
	l.disk.fail(healthy)
	if err := l.server.ready(); err != nil {
		return err
	}
	return l.readable(ctx)
}

// readable waits until the first writer's stream can be read.
func (l *lab) readable(ctx context.Context) error {
	w := l.writers[0]
	for {
		_, err := l.client.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: &w.group, LogStreamName: &w.stream, Limit: aws.Int32(10)})
		if err == nil || ctx.Err() != nil {
			return err
		}
		if !l.server.running() {
			return fmt.Errorf("the server ended: %v", l.server.cmd.ProcessState)
		}
		pause(ctx, 20*time.Millisecond)
	}
}

// round lets the writers write, strikes, and checks what is there.
func (l *lab) round(f fault) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	writing, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	for _, w := range l.writers {
		group.Go(func() error { return w.run(writing) })
	}
	err := f.strike(l, ctx)
	stop()
	if werr := group.Wait(); err == nil {
		err = werr
	}
	for _, w := range l.writers {
		if err == nil && w.tokens {
			err = w.settle(ctx)
		}
		w.pending = -1
	}
	for _, c := range l.checkers {
		if err == nil {
			err = c.checkNew(ctx, l.client)
		}
	}
	return err
}

const checkAllEvery = 20

func TestNothingAcknowledgedIsLostOrDoubled(t *testing.T) {
	rounds, seed := fromEnv(t, "WAYBILL_FAULT_ROUNDS", 200), fromEnv(t, "WAYBILL_FAULT_SEED", time.Now().UnixNano())
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	l := newLab(t, random)
	counts := map[string]int{}
	var done []string
	start := time.Now()
	for r := range rounds {
		f := pick(random)
		counts[f.name]++
		done = append(done, f.name)
		err := l.round(f)
		if err == nil && (r%checkAllEvery == checkAllEvery-1 || r == rounds-1) {
			err = checkAll(t.Context(), l.client, l.checkers)
		}
		if err != nil {
			t.Fatalf("round %d (%s), WAYBILL_FAULT_SEED=%d: %v\nrounds: %v", r, f.name, seed, err, done)
		}
	}
	acked, all := 0, 0
	for _, w := range l.writers {
		for _, e := range w.sent {
			all++
			if e.acked {
				acked++
			}
		}
		t.Logf("%s: %v", w.stream, w.refused)
	}
	t.Logf("%d rounds in %v: %v; %d events sent, %d acknowledged", rounds, time.Since(start).Round(time.Second), counts, all, acked)
}

func fromEnv(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
