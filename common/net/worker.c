/* Workers: threads that take sessions from one queue and run their turns. The last worker to fall asleep is woken
 * first: its caches are warm, and the others can stay asleep. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <errno.h>
#include <stdlib.h>

enum { STACK_BYTES = 1024 * 1024 };

/* NULL: it is over. */
static struct net_transport *next_turn(struct worker *worker)
{
	struct workers *workers = &worker->daemon->workers;
	struct net_transport *transport;
	bool is_stopping;

	pthread_mutex_lock(&workers->lock);
	is_stopping = workers->is_stopping;
	transport = is_stopping ? NULL : STAILQ_FIRST(&workers->queue); /* loop_done() ends those that still wait */
	if (transport != NULL) {
		STAILQ_REMOVE_HEAD(&workers->queue, queue);
	} else if (!is_stopping) {
		worker->next_idle = workers->idle;
		workers->idle = worker;
	}
	pthread_mutex_unlock(&workers->lock);
	if (transport != NULL || is_stopping)
		return transport;
	while (sem_wait(&worker->wake) != 0)
		must(errno == EINTR);
	return worker->handed;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct net_transport *transport;

	while ((transport = next_turn(worker)) != NULL)
		turn_on_worker(transport);
	return NULL;
}

/* Straight into the hands of a worker who sleeps: he need not look into the queue, which is empty while anybody does.
 */
void workers_push(struct net_daemon *daemon, struct net_transport *transport)
{
	struct workers *workers = &daemon->workers;
	struct worker *worker;

	pthread_mutex_lock(&workers->lock);
	if ((worker = workers->idle) != NULL)
		workers->idle = worker->next_idle;
	else
		STAILQ_INSERT_TAIL(&workers->queue, transport, queue);
	pthread_mutex_unlock(&workers->lock);
	if (worker == NULL)
		return;
	worker->handed = transport;
	sem_post(&worker->wake);
}

void workers_start(struct net_daemon *daemon, unsigned count)
{
	struct workers *workers = &daemon->workers;
	pthread_attr_t attributes;

	pthread_mutex_init(&workers->lock, NULL);
	STAILQ_INIT(&workers->queue);
	workers->count = count;
	workers->list = alloc_zero(count, sizeof *workers->list);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (unsigned i = 0; i < count; i++) {
		struct worker *worker = &workers->list[i];
		int rc;

		worker->daemon = daemon;
		rc = sem_init(&worker->wake, 0, 0);
		must(rc == 0);
		rc = pthread_create(&worker->thread, &attributes, worker_main, worker);
		must(rc == 0);
	}
	pthread_attr_destroy(&attributes);
}

void workers_stop(struct net_daemon *daemon)
{
	struct workers *workers = &daemon->workers;
	struct worker *worker;

	pthread_mutex_lock(&workers->lock);
	workers->is_stopping = true;
	while ((worker = workers->idle) != NULL) {
		workers->idle = worker->next_idle;
		worker->handed = NULL;
		sem_post(&worker->wake);
	}
	pthread_mutex_unlock(&workers->lock);
	for (unsigned i = 0; i < workers->count; i++) {
		pthread_join(workers->list[i].thread, NULL);
		sem_destroy(&workers->list[i].wake);
	}
	free(workers->list);
	pthread_mutex_destroy(&workers->lock);
}
