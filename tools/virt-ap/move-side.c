/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two hosts of a move, and how the other one is asked; see move-side.h. */
#include "config.h"

#include "move-side.h"

#include <glib/gi18n.h>

#include "host/document.h"
#include "run/run.h"

#define SSH_SCHEME "qemu+ssh"
#define ASK_SECONDS 60u

void
move_wishes_clear (MoveWishes *wishes)
{
  g_clear_pointer (&wishes->keys, g_free);
  g_clear_pointer (&wishes->target_keys, g_free);
}

VapMoveFlags
move_wishes_flags (const MoveWishes *wishes)
{
  return (wishes->assume_keys ? VAP_MOVE_ASSUME_KEYS : 0) |
         (wishes->keep_domains ? VAP_MOVE_KEEP_DOMAINS : 0);
}

void
move_side_clear (MoveSide *side)
{
  g_clear_pointer (&side->host, vap_host_unref);
  g_clear_pointer (&side->kept, vap_host_unref);
  g_clear_pointer (&side->read, vap_patterns_free);
}

/* ssh would take it for an option */
static gboolean
is_no_name (const char *name)
{
  return name == NULL || *name == '\0' || *name == '-';
}

/* The document that the other host prints of itself; its own virt-ap reads it best. */
static VapHost *
ask_by_ssh (const char *uri, GError **error)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_NON_DNS, error);
  g_autofree char *port = NULL;
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_auto (VapRun) run = { 0 };

  if (parsed == NULL)
    return NULL;
  if (is_no_name (g_uri_get_host (parsed)) ||
      (g_uri_get_userinfo (parsed) != NULL && is_no_name (g_uri_get_userinfo (parsed)))) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' names no host, or no user, that ssh could take"), uri);
    return NULL;
  }
  g_ptr_array_add (words, "ssh");
  g_ptr_array_add (words, "-oBatchMode=yes");
  if (g_uri_get_port (parsed) > 0) {
    port = g_strdup_printf ("-p%d", g_uri_get_port (parsed));
    g_ptr_array_add (words, port);
  }
  if (g_uri_get_userinfo (parsed) != NULL) {
    g_ptr_array_add (words, "-l");
    g_ptr_array_add (words, (char *) g_uri_get_userinfo (parsed));
  }
  g_ptr_array_add (words, "--");
  g_ptr_array_add (words, (char *) g_uri_get_host (parsed));
  g_ptr_array_add (words, "virt-ap export --mkvps");
  g_ptr_array_add (words, NULL);
  if (!vap_run ((const char *const *) words->pdata, NULL, 0, ASK_SECONDS * 1000, &run,
                error))
    return NULL;
  if (vap_run_was_good (&run)) {
    VapHost *host = vap_host_from_json (run.out, run.out_length, error);

    if (host == NULL)
      g_prefix_error (error, _ ("virt-ap on '%s': "), g_uri_get_host (parsed));
    return host;
  }
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("virt-ap on '%s': %s"),
               g_uri_get_host (parsed),
               run.late ? _ ("it did not answer in time") : run.complaint);
  return NULL;
}

VapHost *
move_target_read (const char *target, GError **error)
{
  g_autofree char *scheme = g_uri_parse_scheme (target);

  if (scheme == NULL)
    return vap_host_read (target, error);
  if (g_str_equal (scheme, SSH_SCHEME))
    return ask_by_ssh (target, error);
  g_set_error (
      error, VAP_ERROR, VAP_ERROR_UNREADABLE,
      _ ("'%s': libvirt tells too little of a host by itself; name a document of "
         "virt-ap export, or a URI of %s"),
      target, SSH_SCHEME);
  return NULL;
}

gboolean
move_side_read_keys (MoveSide *side, const char *keys, GError **error)
{
  if (keys == NULL) {
    if (side->host->record == NULL)
      side->read = vap_patterns_read (side->host);
    return TRUE;
  }
  side->kept = vap_host_read (keys, error);
  return side->kept != NULL;
}

VapMoveSide
move_side_facts (const MoveSide *side)
{
  const VapHostRecord *record = side->host->record;
  const VapHostRecord *kept = side->kept != NULL ? side->kept->record : record;

  return (VapMoveSide){
    .host = side->host,
    .patterns = side->read != NULL ? side->read
                : kept != NULL     ? kept->patterns
                                   : NULL,
    .qemu = record != NULL ? record->qemu : NULL,
  };
}
