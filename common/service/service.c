/* Opening and closing what a daemon stands on, in the order in which the parts need one another. */
#include "common/service/service.h"
#include "common/base/must.h"
#include "common/directory/store_config.h"

const struct config_key *const service_keys[] = {store_keys, directory_keys, auth_keys};
const size_t service_keys_count = array_count(service_keys);

char *service_open(struct service *service, struct net_daemon *net, const struct config *config, const char *name,
		   store_changed_fn *changed, void *arg)
{
	struct store_options options;
	char *error = NULL;

	*service = (struct service){.net = net};
	store_options_from(config, &options);
	if (store_open(&options, &service->store, &error) != STORE_OK)
		goto failed;
	if (changed != NULL)
		store_on_change(service->store, changed, arg);
	service->directory = directory_create(config, service->store);
	if (name != NULL && (service->auth = auth_create(config, service->directory, name, &error)) == NULL)
		goto failed;
	return NULL;
failed:
	service_close(service);
	return error;
}

void service_close(struct service *service)
{
	auth_destroy(&service->auth);
	directory_destroy(&service->directory);
	store_close(&service->store);
}

bool service_is_healthy(const struct service *service)
{
	return store_ping(service->store) == STORE_OK;
}
