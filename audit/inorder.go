package audit

import (
	"iter"
	"runtime"
	"sync"
)

// inOrder does work on each item on all cores and then hands the items, in their
// order, to take. It ends with the first error in that order, whoever met it; then
// items are no longer drawn. Some twice as many items as cores are alive at a time.
func inOrder[T any](items iter.Seq2[T, error], work, take func(T) error) error {
	type job struct {
		item T
		err  error
		done chan struct{}
	}
	cores := runtime.GOMAXPROCS(0)
	todo, queue := make(chan *job), make(chan *job, cores)
	stop := make(chan struct{})
	var running sync.WaitGroup
	defer running.Wait()
	defer close(stop)
	for range cores {
		running.Go(func() {
			for j := range todo {
				j.err = work(j.item)
				close(j.done)
			}
		})
	}
	running.Go(func() {
		defer close(queue)
		defer close(todo)
		for item, err := range items {
			j := &job{item, err, make(chan struct{})}
			select {
			case queue <- j:
			case <-stop:
				return
			}
			if err != nil {
				close(j.done)
				return
			}
			todo <- j
		}
	})
	for j := range queue {
		<-j.done
		if j.err != nil {
			return j.err
		}
		if err := take(j.item); err != nil {
			return err
		}
	}
	return nil
}
