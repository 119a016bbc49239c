/* SPDX-License-Identifier: MIT */
#include "server/base/json.h"
#include "server/base/json_cut.h"
#include "server/base/str.h"
#include "server/bob/bob_client.h"

#define ID_BYTES 33

struct stream {
	struct json_cut cut;
	bob_on_id *on_id;
	void *context;
	size_t *count;
	bool is_stopped; /* on_id wants no more */
	bool is_damaged; /* what follows is not looked at */
};

static bool take_element(void *context, const json_t *element)
{
	struct stream *stream = context;
	char id[ID_BYTES];

	if (!json_id_text(json_object_get(element, "id"), id, sizeof(id)) ||
	        !str_is_digits(id, sizeof(id) - 1)) {
		return false;
	}
	stream->is_stopped = !stream->on_id(stream->context, id);
	*stream->count += stream->is_stopped ? 0 : 1;
	return !stream->is_stopped;
}

/*
 * A page instead of JSON is read to its end, so that its content type is what is told; only a
 * reader who wants no more ends the call.
 */
static bool take_bytes(void *context, const char *bytes, size_t len)
{
	struct stream *stream = context;

	stream->is_damaged = stream->is_damaged || !json_cut_take(&stream->cut, bytes, len, NULL);
	return !stream->is_stopped;
}

static void judge(struct stream *stream, struct call_outcome *outcome)
{
	if (stream->is_stopped) {
		outcome->call_class = CALL_ABORTED;
		str_format_cut(outcome->sentence, sizeof(outcome->sentence),
		        "The list of ids was not read to its end.");
		return;
	}
	bool is_whole = !stream->is_damaged && json_cut_end(&stream->cut, NULL);
	if (outcome->call_class == CALL_DONE && !is_whole) {
		bob_client_distrust(outcome);
	}
}

void bob_stream_ids(struct bob_client *client, bob_on_id *on_id, void *context, size_t *count,
        struct call_outcome *outcome)
{
	static const char BODY[] = "{\"fields\":[\"root.id\"],\"showInactive\":true}";
	struct stream stream = {.on_id = on_id, .context = context, .count = count};
	struct json_cut_options options = {.array = "employees",
	        .element_max_bytes = BOB_STREAM_ELEMENT_MAX_BYTES,
	        .count_max = BOB_STREAM_IDS_MAX,
	        .on_element = take_element,
	        .context = &stream};
	struct bob_request request = {.method = "POST",
	        .route = "/people/search",
	        .body = BODY,
	        .is_search = true,
	        .sink = take_bytes,
	        .sink_context = &stream};
	struct bob_reply reply;

	*count = 0;
	json_cut_init(&stream.cut, &options);
	(void)bob_client_call(client, &request, &reply, outcome);
	judge(&stream, outcome);
	bob_reply_finish(&reply);
	json_cut_finish(&stream.cut);
}
