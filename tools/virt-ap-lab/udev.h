/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated host's udev: sends a model's uevents to whoever listens to udev in
 * this network namespace.  The process that serves /sys owns one.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _LabUdev LabUdev;

/* needs CAP_NET_ADMIN in the network namespace; listeners believe uid 0 only */
LabUdev *lab_udev_new (GError **error);
void lab_udev_free (LabUdev *udev);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabUdev, lab_udev_free)

/* a LabEventFunc's @properties.  Without a listener, and where one's queue is full,
 * the event is lost, as with the real udev. */
void lab_udev_send (LabUdev *udev, const char *const *properties);

G_END_DECLS
