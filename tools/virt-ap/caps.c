/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap caps`: each AP feature through the layers between the machine and a
 * guest.  Here each layer is asked; what follows from it is host/layers.c's to say.
 */
#include "config.h"

#include "caps.h"

#include <glib/gi18n.h>
#include <string.h>

#include "command.h"
#include "host/document.h"
#include "libvirt.h"
#include "options.h"

#define LOCAL_SECONDS 10
/* a person may have to type a password */
#define CONNECT_SECONDS 120
#define SECONDS_MAX 3600

static void
caps_facts_clear (CapsFacts *facts)
{
  g_clear_pointer (&facts->host, vap_host_unref);
  g_clear_pointer (&facts->kvm, g_free);
  g_clear_pointer (&facts->qemu, vap_qemu_unref);
  g_clear_pointer (&facts->remote, vap_remote_free);
  g_free (facts->kvm_problem);
  g_free (facts->qemu_problem);
  g_free (facts->libvirt_problem);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CapsFacts, caps_facts_clear)

VapLayerFacts
caps_layer_facts (const CapsFacts *facts)
{
  return (VapLayerFacts){ facts->host, facts->kvm, facts->qemu, facts->remote };
}

const CapsLayer caps_layers[VAP_N_LAYERS] = {
  [VAP_LAYER_MACHINE] = { "machine", N_ ("machine") },
  [VAP_LAYER_AP_BUS] = { "ap_bus", N_ ("AP bus") },
  [VAP_LAYER_KVM] = { "kvm", N_ ("KVM") },
  [VAP_LAYER_QEMU] = { "qemu", N_ ("QEMU") },
  [VAP_LAYER_LIBVIRT] = { "libvirt", N_ ("libvirt") },
};

/* the message of @error, which is freed */
static char *
take_message (GError *error)
{
  char *message = g_strdup (error->message);

  g_error_free (error);
  return message;
}

/* A host that was copied, and a remote one, say nothing of this machine's KVM. */
static void
ask_kvm (CapsFacts *facts, gboolean is_here)
{
  GError *error = NULL;

  if (is_here)
    facts->kvm = vap_kvm_ask (&error);
  if (facts->kvm == NULL)
    facts->kvm_problem =
        is_here ? take_message (error) : g_strdup (_ ("the host is not this machine"));
}

/* @uri: NULL for this machine's daemon, which need not be there.  A URI that was
 * given is meant: FALSE with @error when it is not reached.  @patience: seconds, 0 for
 * the usual */
static gboolean
ask_libvirt (CapsFacts *facts, gboolean is_here, const char *uri, guint patience,
             GError **error)
{
  GError *problem = NULL;
  const char *local;

  if (uri != NULL) {
    facts->remote = libvirt_ask (uri, patience > 0 ? patience : CONNECT_SECONDS, error);
    return facts->remote != NULL;
  }
  if (!is_here) {
    facts->libvirt_problem = g_strdup (_ ("the host is not this machine"));
    return TRUE;
  }
  local = libvirt_local_uri (&problem);
  if (local != NULL)
    facts->remote =
        libvirt_ask (local, patience > 0 ? patience : LOCAL_SECONDS, &problem);
  if (facts->remote == NULL)
    facts->libvirt_problem = take_message (problem);
  return TRUE;
}

/* whose emulator cannot be asked here; a saved host's may be known all the same */
static gboolean
take_saved_qemu (CapsFacts *facts, gboolean is_remote)
{
  const VapHostRecord *record = facts->host != NULL ? facts->host->record : NULL;

  if (record == NULL && !is_remote)
    return FALSE;
  if (record != NULL && record->qemu != NULL)
    facts->qemu = vap_qemu_ref (record->qemu);
  else
    facts->qemu_problem = g_strdup (_ ("the host is not this machine"));
  return TRUE;
}

/* A host without QEMU still has its features; a QEMU asked for by name is meant. */
static gboolean
ask_qemu (CapsFacts *facts, const char *binary, gboolean is_remote, GError **error)
{
  GError *problem = NULL;

  if (binary == NULL && take_saved_qemu (facts, is_remote))
    return TRUE;
  facts->qemu = vap_qemu_ask (binary, &problem);
  if (facts->qemu != NULL)
    return TRUE;
  if (binary != NULL) {
    g_propagate_error (error, problem);
    return FALSE;
  }
  facts->qemu_problem = take_message (problem);
  return TRUE;
}

/* whether the QEMU driver of this machine is meant: no host, and no parameter that
 * could lead to another */
static gboolean
is_local_uri (const char *uri)
{
  return uri == NULL || ((g_str_has_prefix (uri, "qemu:///") ||
                          g_str_has_prefix (uri, "qemu+unix:///")) &&
                         strchr (uri, '?') == NULL);
}

static gboolean
ask_all (CapsFacts *facts, const char *root, const char *binary, const char *uri,
         guint patience, GError **error)
{
  gboolean is_remote = !is_local_uri (uri);
  gboolean is_here = !is_remote && (root == NULL || *root == '\0');

  if (!ask_libvirt (facts, is_here, uri, patience, error))
    return FALSE;
  if (!is_remote) {
    facts->host = vap_host_read (root, error);
    if (facts->host == NULL)
      return FALSE;
  }
  ask_kvm (facts, is_here);
  return ask_qemu (facts, binary, is_remote, error);
}

int
command_caps (const char *root, char **argv)
{
  g_autofree char *binary = NULL;
  g_autofree char *uri = NULL;
  int patience = 0;
  const GOptionEntry entries[] = {
    { "qemu", 0, 0, G_OPTION_ARG_FILENAME, &binary,
      N_ ("Ask this QEMU instead of the one libvirt would take"), N_ ("BINARY") },
    { "connect", 0, 0, G_OPTION_ARG_STRING, &uri,
      N_ ("Ask the host of this libvirt connection"), N_ ("URI") },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &patience, N_ ("Wait so long for libvirt"),
      N_ ("SECONDS") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "caps",
    .description = _ ("Shows which AP features a guest can have, and where one is lost."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  g_auto (Output) output = { 0 };
  g_auto (CapsFacts) facts = { 0 };
  g_autoptr (GError) error = NULL;
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (patience < 0 || patience > SECONDS_MAX)
    return options_usage_error (spec.name, _ ("--timeout takes 1 to %d seconds"),
                                SECONDS_MAX);
  if (!ask_all (&facts, options.root, binary, uri, (guint) patience, &error)) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  output_init (&output, options.color);
  if (options.json)
    caps_add_json (&output, &facts);
  else
    caps_add_text (&output, &facts);
  return output_flush (&output, STATUS_GOOD);
}
