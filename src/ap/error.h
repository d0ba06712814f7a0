/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one error domain of the library.  An error means "could not judge"; a
 * judgement that says no is a finding (check/finding.h), never a GError.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VAP_ERROR (vap_error_quark ())

/**
 * VapError:
 * @VAP_ERROR_MALFORMED: an input (XML, JSON, a mask, a sysfs file) is not well formed
 * @VAP_ERROR_UNREADABLE: something that must be read could not be
 * @VAP_ERROR_TOO_LARGE: an input is larger than any honest one
 * @VAP_ERROR_FAILED: a program or peer that was asked did not answer properly, or the
 *   kernel refused a change
 * @VAP_ERROR_BUSY: someone else kept a lock for longer than was waited
 * @VAP_ERROR_HALF_DONE: a change was neither finished nor undone; `virt-ap repair` has
 *   to be run
 */
typedef enum {
  VAP_ERROR_MALFORMED,
  VAP_ERROR_UNREADABLE,
  VAP_ERROR_TOO_LARGE,
  VAP_ERROR_FAILED,
  VAP_ERROR_BUSY,
  VAP_ERROR_HALF_DONE,
} VapError;

GQuark vap_error_quark (void);

G_END_DECLS
