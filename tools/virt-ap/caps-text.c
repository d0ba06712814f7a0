/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap caps` for people: a table of the features, one of PQAP's functions, who was
 * asked, and what each row means.
 */
#include "config.h"

#include "caps.h"

#include <glib/gi18n.h>

#include "text.h"

static const Style answer_styles[] = { STYLE_BAD, STYLE_GOOD, STYLE_CAUTION, STYLE_DIM };

#define NAME_WIDTH 8u
#define LAYER_WIDTH 10u

static const char *
answer_text (VapAnswer answer)
{
  switch (answer) {
  case VAP_ANSWER_YES:
    return _ ("yes");
  case VAP_ANSWER_NO:
    return _ ("no");
  case VAP_ANSWER_NOT_ASKED:
    return _ ("not asked");
  case VAP_ANSWER_NONE:
  default:
    return "-";
  }
}

/* @with: the feature it comes with, or NULL */
static char *
guest_text (const VapCapability *capability, const char *with)
{
  if (capability->guest == VAP_ANSWER_NO)
    return g_strdup_printf (_ ("no, lost at: %s"),
                            _ (caps_layers[capability->lost_at].title));
  if (capability->guest == VAP_ANSWER_NOT_ASKED)
    return g_strdup (_ ("unknown"));
  if (with != NULL)
    return g_strdup_printf (_ ("yes, comes with %s"), with);
  return g_strdup (_ ("yes"));
}

/* @text in its style, filled up to @width columns; 0 for the last of a line */
static void
add_field (Output *output, Style style, const char *text, guint width)
{
  guint length = (guint) g_utf8_strlen (text, -1);

  output_styled (output, style, text);
  if (width > 0)
    output_add (output, "%*s", (int) MAX (width - MIN (width, length), 1), "");
}

static void
add_row (Output *output, const char *name, const VapCapability *capability,
         const char *with)
{
  g_autofree char *guest = guest_text (capability, with);

  add_field (output, STYLE_PLAIN, name, NAME_WIDTH);
  for (guint i = 0; i < VAP_N_LAYERS; i++) {
    VapAnswer answer = capability->layers[i];

    add_field (output, answer_styles[answer], answer_text (answer), LAYER_WIDTH);
  }
  add_field (output, answer_styles[capability->guest], guest, 0);
  output_add (output, "\n");
}

static void
add_heading (Output *output, const char *what)
{
  add_field (output, STYLE_TITLE, what, NAME_WIDTH);
  for (guint i = 0; i < VAP_N_LAYERS; i++)
    add_field (output, STYLE_TITLE, _ (caps_layers[i].title), LAYER_WIDTH);
  add_field (output, STYLE_TITLE, _ ("a guest can have it"), 0);
  output_add (output, "\n");
}

/* takes @text */
static void
add_sentence (Output *output, char *text)
{
  g_autofree char *sentence = text;
  g_autofree char *escaped = text_escape (sentence);

  output_wrapped (output, 0, escaped);
}

static void
add_libvirt_text (Output *output, const CapsFacts *facts)
{
  const VapRemote *remote = facts->remote;

  if (remote == NULL) {
    add_sentence (output, g_strdup_printf (_ ("libvirt was not asked: %s"),
                                           facts->libvirt_problem));
    return;
  }
  add_sentence (output, g_strdup_printf (
                            _ ("libvirt %s at %s: %s"),
                            remote->library != NULL ? remote->library : "?", remote->uri,
                            remote->hypervisor != NULL ? remote->hypervisor : "?"));
  if (remote->devices_told)
    add_sentence (output,
                  g_strdup_printf (_ ("libvirt's node devices: %u adapters, %u queues"),
                                   vap_mask_count (&remote->adapters), remote->n_queues));
  else
    add_sentence (output,
                  g_strdup_printf (_ ("libvirt does not tell its AP node devices: %s"),
                                   remote->devices_problem));
  if (remote->model_told)
    add_sentence (output,
                  g_strdup_printf (_ ("libvirt's host-model: %s, for %s"),
                                   remote->model != NULL ? remote->model : "?",
                                   remote->emulator != NULL ? remote->emulator : "?"));
  else
    add_sentence (output,
                  g_strdup_printf (_ ("libvirt does not tell its host-model: %s"),
                                   remote->model_problem != NULL
                                       ? remote->model_problem
                                       : _ ("its domain capabilities have none")));
}

static void
add_sources (Output *output, const CapsFacts *facts)
{
  if (facts->kvm == NULL)
    add_sentence (output,
                  g_strdup_printf (_ ("KVM was not asked: %s"), facts->kvm_problem));
  if (facts->qemu != NULL)
    add_sentence (output, g_strdup_printf (_ ("QEMU %s: %s"), facts->qemu->version,
                                           facts->qemu->binary));
  else
    add_sentence (output,
                  g_strdup_printf (_ ("QEMU was not asked: %s"), facts->qemu_problem));
  add_libvirt_text (output, facts);
}

/* where the machine says whether it has the feature, NULL: nowhere of its own */
static char *
machine_source (const VapFeature *feature)
{
  if (feature->facility >= 0)
    return g_strdup_printf ("STFLE %d", feature->facility);
  if (feature->uv_feature >= 0)
    return g_strdup_printf ("QCI %s, UV %d", vap_qci_name (VAP_QCI_APSB),
                            feature->uv_feature);
  if (feature->id == VAP_FEATURE_APXA)
    return g_strdup_printf ("QCI %s", vap_qci_name (VAP_QCI_APXA));
  return NULL;
}

static void
add_meanings (Output *output)
{
  for (guint id = 0; id < VAP_N_FEATURES; id++) {
    const VapFeature *feature = vap_feature_get ((VapFeatureId) id);
    g_autofree char *source = machine_source (feature);
    g_autofree char *text =
        source != NULL ? g_strdup_printf ("%s (%s)", _ (feature->description), source)
                       : g_strdup (_ (feature->description));

    output_add (output, "%-8s", feature->name);
    output_wrapped (output, NAME_WIDTH, text);
    output_add (output, "%8s", "");
    output_styled (output, STYLE_DIM, _ ("without:"));
    output_add (output, " ");
    output_wrapped (output, NAME_WIDTH, _ (feature->without));
  }
  for (const VapPqapFunction *function = vap_pqap_functions (); function->name != NULL;
       function++) {
    output_add (output, "%-8s", function->name);
    output_wrapped (output, NAME_WIDTH, _ (function->description));
  }
}

void
caps_add_text (Output *output, const CapsFacts *facts)
{
  VapLayerFacts learnt = caps_layer_facts (facts);

  add_heading (output, _ ("feature"));
  for (guint id = 0; id < VAP_N_FEATURES; id++) {
    const VapFeature *feature = vap_feature_get ((VapFeatureId) id);
    VapCapability capability = vap_layers_feature (&learnt, feature->id);

    add_row (output, feature->name, &capability,
             feature->removable ? NULL : vap_feature_get (feature->needs)->name);
  }
  output_add (output, "\n");
  add_heading (output, "PQAP");
  for (const VapPqapFunction *function = vap_pqap_functions (); function->name != NULL;
       function++) {
    VapCapability capability = vap_layers_function (&learnt, function);

    add_row (output, function->name, &capability, NULL);
  }
  output_add (output, "\n");
  add_sources (output, facts);
  output_add (output, "\n");
  add_meanings (output);
}
