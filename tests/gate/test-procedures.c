/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate stops for exactly the calls that the judge's table has.
 */
#include "config.h"

#include "gate/calls.h"
#include "gate/procedures.h"

/* beyond the last procedure that libvirt has */
#define PROCEDURES_MAX 2000u

static void
test_same (void)
{
  gint n_judged = 0;

  for (guint32 procedure = 0; procedure < PROCEDURES_MAX; procedure++) {
    for (guint32 type = VAP_RPC_CALL; type <= VAP_RPC_STREAM_HOLE; type++) {
      const VapRpcHeader header = {
        0, VAP_RPC_REMOTE_PROGRAM, VAP_RPC_REMOTE_VERSION, procedure, type, 0, VAP_RPC_OK
      };
      gboolean judged = vap_procedures_judged (&header);

      if (judged != vap_calls_wants (&header))
        g_error ("procedure %u: procedures.c and calls.c differ", procedure);
      n_judged += judged;
    }
  }
  g_assert_cmpint (n_judged, >, 0);
}

/* A call without a word about AP needs no judge, unless the judge reads something that
 * the call only names. */
static void
test_concerns (void)
{
  static const guint8 plain[VAP_RPC_HEADER_SIZE + 64] = "<domain type='kvm'/>";
  static const guint8 crypto[VAP_RPC_HEADER_SIZE + 64] = "<hostdev type='mdev'/>";

  for (guint32 procedure = 0; procedure < PROCEDURES_MAX; procedure++) {
    const VapRpcHeader header = {
      sizeof plain, VAP_RPC_REMOTE_PROGRAM, VAP_RPC_REMOTE_VERSION,
      procedure,    VAP_RPC_CALL,           0,
      VAP_RPC_OK
    };

    if (!vap_procedures_judged (&header))
      continue;
    g_assert_true (vap_procedures_concerns (&header, crypto));
    g_assert_cmpint (vap_procedures_concerns (&header, plain), !=,
                     vap_calls_carries_xml (procedure));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/procedures/same", test_same);
  g_test_add_func ("/procedures/concerns", test_concerns);
  return g_test_run ();
}
