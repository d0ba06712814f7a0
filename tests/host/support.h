/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of host/ share. */
#pragma once

#include "host/priv.h"
#include "tree.h"

#define A_UUID "62177883-f1bb-47f0-914d-32a22e3a8801"
#define B_UUID "62177883-f1bb-47f0-914d-32a22e3a8802"
#define Z16 "ap-bus cards=05:13:4,06:13:2 udoms=4,47,ab,ff"

/* the snapshot of a described host, which must succeed */
VapHost *host_of (const char *description);

/* a described host that cannot be read: the error must have @code and name @text */
void assert_unreadable (const char *description, gint code, const char *text);

/* how many of the host's problems have @text in them */
guint count_problems (const VapHost *host, const char *text);

void assert_numbers (const VapMask *mask, guint width, const char *expected);
