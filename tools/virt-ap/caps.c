/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap caps`: each AP feature through the layers between the machine and a
 * guest, and the first one in which it is lost.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "command.h"
#include "host/host.h"
#include "host/qemu.h"
#include "json.h"
#include "options.h"
#include "text.h"

typedef struct {
  const VapHost *host;
  const VapQemu *qemu;      /* NULL when it could not be asked */
  const char *qemu_problem; /* why not */
} Facts;

typedef enum {
  ANSWER_NO,
  ANSWER_YES,
  ANSWER_UNKNOWN, /* the layer could not be asked */
  ANSWER_NONE,    /* the layer has no say in it */
} Answer;

static const char *const answer_names[] = { "no", "yes", "unknown", "none" };

static Answer
ask_machine (const Facts *facts, const VapFeature *feature)
{
  if (feature->id == VAP_FEATURE_AP)
    return ANSWER_NONE;
  if (feature->facility >= 0 ? !facts->host->facilities_known : !facts->host->has_ap_bus)
    return ANSWER_UNKNOWN;
  return vap_host_has_feature (facts->host, feature->id) ? ANSWER_YES : ANSWER_NO;
}

static Answer
ask_ap_bus (const Facts *facts, const VapFeature *feature)
{
  if (feature->id == VAP_FEATURE_APQI && !facts->host->interrupts)
    return ANSWER_NO;
  return facts->host->has_ap_bus ? ANSWER_YES : ANSWER_NO;
}

static Answer
ask_qemu (const Facts *facts, const VapFeature *feature)
{
  if (facts->qemu == NULL)
    return ANSWER_UNKNOWN;
  if (vap_qemu_has_property (facts->qemu, feature->name))
    return ANSWER_YES;
  /* what comes with ap needs no property of its own */
  return feature->removable ? ANSWER_NO : ANSWER_NONE;
}

/* from the machine upwards */
static const struct {
  const char *key;
  const char *title;
  Answer (*ask) (const Facts *facts, const VapFeature *feature);
} layers[] = {
  { "machine", N_ ("machine"), ask_machine },
  { "ap_bus", N_ ("AP bus"), ask_ap_bus },
  { "qemu", N_ ("QEMU"), ask_qemu },
};

typedef struct {
  const VapFeature *feature;
  Answer layers[G_N_ELEMENTS (layers)];
  Answer guest;
  guint lost_at; /* index of the first layer that has not got it, or their number */
} Capability;

static Capability
find_capability (const Facts *facts, VapFeatureId id)
{
  Capability capability = {
    .feature = vap_feature_get (id),
    .guest = ANSWER_YES,
    .lost_at = G_N_ELEMENTS (layers),
  };

  /* no row of the table needs itself, so this ends */
  if (capability.feature->needs != VAP_FEATURE_NONE) {
    Capability needed = find_capability (facts, capability.feature->needs);

    capability.guest = needed.guest;
    capability.lost_at = needed.lost_at;
  }
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++) {
    Answer answer = layers[i].ask (facts, capability.feature);

    capability.layers[i] = answer;
    if (answer == ANSWER_NO)
      capability.lost_at = MIN (capability.lost_at, i);
    if (answer == ANSWER_UNKNOWN)
      capability.guest = ANSWER_UNKNOWN;
  }
  if (capability.lost_at < G_N_ELEMENTS (layers))
    capability.guest = ANSWER_NO;
  return capability;
}

static const char *
answer_text (Answer answer)
{
  switch (answer) {
  case ANSWER_YES:
    return _ ("yes");
  case ANSWER_NO:
    return _ ("no");
  case ANSWER_UNKNOWN:
    return _ ("unknown");
  case ANSWER_NONE:
  default:
    return "-";
  }
}

/* the answer, and what was looked at: "yes (STFLE 12)" */
static char *
machine_text (const Capability *capability)
{
  const char *answer = answer_text (capability->layers[0]);

  if (capability->feature->facility >= 0)
    return g_strdup_printf ("%s (STFLE %d)", answer, capability->feature->facility);
  if (capability->feature->id == VAP_FEATURE_APXA)
    return g_strdup_printf ("%s (QCI %s)", answer, vap_qci_name (VAP_QCI_APXA));
  if (capability->feature->uv_feature >= 0)
    return g_strdup_printf ("%s (QCI %s)", answer, vap_qci_name (VAP_QCI_APSB));
  return g_strdup (answer);
}

static char *
guest_text (const Capability *capability)
{
  if (capability->guest == ANSWER_NO)
    return g_strdup_printf (_ ("no, lost at: %s"), _ (layers[capability->lost_at].title));
  if (capability->guest == ANSWER_YES && !capability->feature->removable)
    return g_strdup (_ ("yes, comes with ap"));
  return g_strdup (answer_text (capability->guest));
}

static const Style answer_styles[] = { STYLE_BAD, STYLE_GOOD, STYLE_CAUTION, STYLE_DIM };

/* @text in its style, filled up to @width columns; 0 for the last of a line */
static void
add_field (Output *output, Style style, const char *text, guint width)
{
  guint length = (guint)g_utf8_strlen (text, -1);

  output_styled (output, style, text);
  if (width > 0)
    output_add (output, "%*s", (int)MAX (width - MIN (width, length), 1), "");
}

static const guint layer_widths[G_N_ELEMENTS (layers)] = { 21, 9, 10 };

static void
add_capability_text (Output *output, const Capability *capability)
{
  g_autofree char *guest = guest_text (capability);

  add_field (output, STYLE_PLAIN, capability->feature->name, 9);
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++) {
    Answer answer = capability->layers[i];
    g_autofree char *text
        = i == 0 ? machine_text (capability) : g_strdup (answer_text (answer));

    add_field (output, answer_styles[answer], text, layer_widths[i]);
  }
  add_field (output, answer_styles[capability->guest], guest, 0);
  output_add (output, "\n");
}

static void
add_qemu_text (Output *output, const Facts *facts)
{
  const char *name = facts->qemu != NULL ? facts->qemu->binary : facts->qemu_problem;
  g_autofree char *escaped = text_escape (name);

  if (facts->qemu != NULL)
    output_add (output, _ ("QEMU %s: %s\n"), facts->qemu->version, escaped);
  else
    output_add (output, _ ("QEMU was not asked: %s\n"), escaped);
}

static void
add_meanings (Output *output)
{
  for (guint id = 0; id < VAP_N_FEATURES; id++) {
    const VapFeature *feature = vap_feature_get ((VapFeatureId)id);

    output_add (output, "%-9s", feature->name);
    output_wrapped (output, 9, _ (feature->description));
    output_add (output, "%9s", "");
    output_styled (output, STYLE_DIM, _ ("without:"));
    output_add (output, " ");
    output_wrapped (output, 9, _ (feature->without));
  }
}

static void
add_text (Output *output, const Facts *facts)
{
  add_field (output, STYLE_TITLE, _ ("feature"), 9);
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
    add_field (output, STYLE_TITLE, _ (layers[i].title), layer_widths[i]);
  add_field (output, STYLE_TITLE, _ ("a guest can have it"), 0);
  output_add (output, "\n");
  for (guint id = 0; id < VAP_N_FEATURES; id++) {
    Capability capability = find_capability (facts, (VapFeatureId)id);

    add_capability_text (output, &capability);
  }
  output_add (output, "\n");
  add_qemu_text (output, facts);
  output_add (output, "\n");
  add_meanings (output);
}

static void
add_capability_json (JsonBuilder *builder, const Capability *capability)
{
  const VapFeature *feature = capability->feature;
  gboolean lost = capability->lost_at < G_N_ELEMENTS (layers);

  json_builder_begin_object (builder);
  json_add_string (builder, "name", feature->name);
  json_add_string (builder, "description", _ (feature->description));
  json_add_string (builder, "without", _ (feature->without));
  json_add_string (
      builder, "needs",
      feature->needs != VAP_FEATURE_NONE ? vap_feature_get (feature->needs)->name : NULL);
  json_add_bool (builder, "removable", feature->removable);
  json_builder_set_member_name (builder, "layers");
  json_builder_begin_object (builder);
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
    json_add_string (builder, layers[i].key, answer_names[capability->layers[i]]);
  json_builder_end_object (builder);
  json_add_string (builder, "guest", answer_names[capability->guest]);
  json_add_string (builder, "lost_at", lost ? layers[capability->lost_at].key : NULL);
  json_builder_end_object (builder);
}

static void
add_json (Output *output, const Facts *facts)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  const VapQemu *qemu = facts->qemu;

  json_builder_begin_object (builder);
  json_add_string (builder, "machine", facts->host->machine);
  json_builder_set_member_name (builder, "qemu");
  json_builder_begin_object (builder);
  json_add_string (builder, "binary", qemu != NULL ? qemu->binary : NULL);
  json_add_string (builder, "version", qemu != NULL ? qemu->version : NULL);
  json_add_string (builder, "problem", facts->qemu_problem);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "features");
  json_builder_begin_array (builder);
  for (guint id = 0; id < VAP_N_FEATURES; id++) {
    Capability capability = find_capability (facts, (VapFeatureId)id);

    add_capability_json (builder, &capability);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  output_json (output, builder);
}

int
command_caps (const char *root, char **argv)
{
  g_autofree char *binary = NULL;
  const GOptionEntry entries[] = {
    { "qemu", 0, 0, G_OPTION_ARG_FILENAME, &binary,
      N_ ("Ask this QEMU instead of the one libvirt would take"), N_ ("BINARY") },
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
  g_autoptr (VapHost) host = NULL;
  g_autoptr (VapQemu) qemu = NULL;
  g_autoptr (GError) error = NULL;
  Facts facts = { 0 };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  facts.host = host = vap_host_read (options.root, &error);
  if (host != NULL)
    facts.qemu = qemu = vap_qemu_ask (binary, &error);
  /* a host without QEMU still has its features; a QEMU asked for by name is meant */
  if (host == NULL || (qemu == NULL && binary != NULL)) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  facts.qemu_problem = qemu == NULL ? error->message : NULL;
  output_init (&output, options.color);
  if (options.json)
    add_json (&output, &facts);
  else
    add_text (&output, &facts);
  return output_flush (&output, STATUS_GOOD);
}
