/* XML of requests (RFC 4918, 8.2), read by libxml2: no document types, so no entities; bounded in size by the caller
 * and in depth by the library. And pieces of XML that are written. Any thread. */
#ifndef CALDAVD_DAV_XML_H
#define CALDAVD_DAV_XML_H

#include "common/base/arena.h"
#include "common/base/buf.h"

#include <libxml/tree.h>

#define NS_DAV    "DAV:"
#define NS_CALDAV "urn:ietf:params:xml:ns:caldav"
#define NS_CS     "http://calendarserver.org/ns/"
#define NS_APPLE  "http://apple.com/ns/ical/"

/* What every root element of ours declares: the prefixes D, C, CS, A. */
#define XML_PREFIXES    " xmlns:D=\"" NS_DAV "\" xmlns:C=\"" NS_CALDAV "\" xmlns:CS=\"" NS_CS "\" xmlns:A=\"" NS_APPLE "\""
#define XML_DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"

/* The caller's to give to xmlFreeDoc(). NULL: it is not well-formed, *problem_r (in arena) says what and where. */
xmlDoc *xml_parse(struct span text, struct arena *arena, const char **problem_r);

bool xml_is(const xmlNode *node, const char *ns, const char *name);
/* The first child element; the next sibling that is an element. NULL: none. */
xmlNode *xml_first(const xmlNode *node);
xmlNode *xml_next(const xmlNode *node);
xmlNode *xml_child(const xmlNode *node, const char *ns, const char *name); /* the first of that name */
struct span xml_name(const xmlNode *node);                                 /* borrowed */
struct span xml_namespace(const xmlNode *node);                            /* borrowed; empty: none */
/* All text below it, in arena. */
struct span xml_text(const xmlNode *node, struct arena *arena);
/* p NULL: there is none. In arena. */
struct span xml_attribute(const xmlNode *node, const char *name, struct arena *arena);
/* The element as text that stands for itself, with the namespaces it needs. */
void xml_write_node(const xmlNode *node, struct buf *out);

/* With &, <, > and " escaped. Bytes that XML cannot hold come out as U+FFFD. */
void xml_write_text(struct span text, struct buf *out);

#endif
