/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap fleet`: what its parts share: which hosts, what each answered, and how it is
 * shown.
 */
#pragma once

#include "output.h"
#include "queues.h"

G_BEGIN_DECLS

/* Where the facts of a host come from. */
typedef enum {
  FLEET_DOCUMENT, /* a file of virt-ap export, or a directory for --root */
  FLEET_LIBVIRT,  /* a URI: only what libvirt tells */
  FLEET_COMMAND,  /* a command that prints such a document */
} FleetSource;

typedef struct {
  char *name;
  FleetSource source;
  char *where; /* file, URI or command line */

  /* the answer */
  char *problem; /* NULL when it answered */
  double seconds;
  char *time;       /* of the facts, NULL when not told */
  char *machine;    /* NULL when not told */
  GPtrArray *types; /* QueueTypeCount; NULL when libvirt alone was asked */
  guint n_queues;
  guint n_devices; /* active ones */
  guint n_guests;
  guint findings[3]; /* by severity, of virt-ap drift */
} FleetHost;

void fleet_host_free (FleetHost *host);

/**
 * fleet_read_operand:
 * @hosts: (element-type FleetHost): gets the host that @text names, or all those of the
 *   list that it is a file of
 */
gboolean fleet_read_operand (GPtrArray *hosts, const char *text,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* asks all of them at once, each @seconds long at most */
void fleet_ask (GPtrArray *hosts, guint seconds);

void fleet_add_text (Output *output, const GPtrArray *hosts);
void fleet_add_json (Output *output, const GPtrArray *hosts);

G_END_DECLS
