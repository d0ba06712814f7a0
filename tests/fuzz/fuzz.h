/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fuzzers share.  Each is a program of its own, linked with libFuzzer,
 * which calls LLVMFuzzerTestOneInput() with one input after the other.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* an error is there if and only if the function failed, and can be shown */
static inline void
fuzz_check_error (gboolean succeeded, const GError *error)
{
  g_assert_true (succeeded == (error == NULL));
  if (error != NULL)
    g_assert_true (*error->message != '\0' && g_utf8_validate (error->message, -1, NULL));
}
