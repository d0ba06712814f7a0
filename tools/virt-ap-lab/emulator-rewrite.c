/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emulator.h"

#include <stdlib.h>
#include <string.h>

#define STAND_IN "virtio-rng-ccw"
#define STAND_IN_OBJECT "lab-rng"
/* far from the numbers that libvirt gives; a guest has one matrix at most.  In another
 * subchannel set QEMU 7.2 would not send DEVICE_DELETED. */
#define STAND_IN_DEVNO "fe.0.ffff"

/* The features of QEMU's cpu_features_def.h.inc that no emulated machine has. */
static const char *const ap_features[] = {
  "ap", "apqci", "apft", "apqi", "appv", "appvi"
};

static char *
replace (const char *text, const char *pattern, const char *by)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_RAW, 0, NULL);

  return g_regex_replace_literal (regex, text, -1, 0, by, 0, NULL);
}

/* a device in JSON, as an argument of QEMU (since 6.2) and in device_add */
static char *
rewrite_json_device (const char *text)
{
  g_autofree char *driver =
      replace (text, "\"driver\"\\s*:\\s*\"vfio-ap\"",
               "\"driver\":\"" STAND_IN "\",\"rng\":\"" STAND_IN_OBJECT
               "\",\"devno\":\"" STAND_IN_DEVNO "\"");

  return replace (driver, ",\\s*\"sysfsdev\"\\s*:\\s*\"[^\"]*\"", "");
}

static char *
rewrite_device (const char *text)
{
  g_autofree char *driver = NULL;

  if (*text == '{' && strstr (text, "\"vfio-ap\"") != NULL)
    return rewrite_json_device (text);
  if (!g_str_has_prefix (text, "vfio-ap,"))
    return g_strdup (text);
  driver = replace (text, "^vfio-ap,",
                    STAND_IN ",rng=" STAND_IN_OBJECT ",devno=" STAND_IN_DEVNO ",");
  return replace (driver, ",sysfsdev=[^,]*", "");
}

char *
lab_emulator_json_string (const char *line, const char *key, gboolean last)
{
  g_autofree char *pattern = g_strdup_printf ("\"%s\"\\s*:\\s*\"([^\"]*)\"", key);
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_RAW, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  char *value = NULL;

  g_regex_match (regex, line, 0, &match);
  while (g_match_info_matches (match) && (value == NULL || last)) {
    g_free (value);
    value = g_match_info_fetch (match, 1);
    g_match_info_next (match, NULL);
  }
  return value;
}

/* the value of a key in "vfio-ap,id=h,sysfsdev=/sys/..." */
static char *
find_option (const char *text, const char *key)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  g_autofree char *start = g_strconcat (key, "=", NULL);

  for (char **part = parts; *part != NULL; part++)
    if (g_str_has_prefix (*part, start))
      return g_strdup (*part + strlen (start));
  return NULL;
}

char *
lab_emulator_find_matrix (const char *text, char **device)
{
  g_autofree char *path = NULL;
  gboolean json = *text == '{';

  *device = NULL;
  if (strstr (text, json ? "\"vfio-ap\"" : "vfio-ap,") == NULL)
    return NULL;
  path = json ? lab_emulator_json_string (text, "sysfsdev", FALSE)
              : find_option (text, "sysfsdev");
  if (path == NULL)
    return NULL;
  *device =
      json ? lab_emulator_json_string (text, "id", FALSE) : find_option (text, "id");
  return g_path_get_basename (path);
}

/* whether @cpu ("gen16a,ap=on,apft=on") turns an AP feature on */
static gboolean
cpu_has_ap (const char *cpu)
{
  g_auto (GStrv) parts = g_strsplit (cpu, ",", -1);

  for (char **part = parts; *part != NULL; part++)
    for (gsize i = 0; i < G_N_ELEMENTS (ap_features); i++)
      if (g_str_has_prefix (*part, ap_features[i]) &&
          strcmp (*part + strlen (ap_features[i]), "=on") == 0)
        return TRUE;
  return FALSE;
}

/* No model that has AP can be emulated in full, so the guest gets what can.  apxa
 * stays: QEMU has no such property, and is to refuse it here as everywhere. */
static char *
rewrite_cpu (const char *text)
{
  g_auto (GStrv) parts = NULL;
  g_autoptr (GString) rewritten = g_string_new ("max");

  if (!cpu_has_ap (text))
    return g_strdup (text);

  parts = g_strsplit (text, ",", -1);
  for (char **part = parts; *part != NULL; part++)
    if (g_str_has_prefix (*part, "apxa="))
      g_string_append_printf (rewritten, ",%s", *part);
  return g_string_free (g_steal_pointer (&rewritten), FALSE);
}

char **
lab_emulator_rewrite_arguments (char *const *arguments)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *option = "";

  for (char *const *argument = arguments; *argument != NULL; argument++) {
    g_autofree char *text = strcmp (option, "-cpu") == 0      ? rewrite_cpu (*argument)
                            : strcmp (option, "-device") == 0 ? rewrite_device (*argument)
                                                              : g_strdup (*argument);

    g_strv_builder_add (builder, text);
    option = *argument;
    /* the object must be there before a device uses it, or one is plugged later */
    if (g_str_has_prefix (option, "s390-ccw-virtio"))
      g_strv_builder_add_many (builder, "-object", "rng-builtin,id=" STAND_IN_OBJECT,
                               NULL);
  }
  return g_strv_builder_end (builder);
}

char *
lab_emulator_rewrite_command (const char *line)
{
  if (strstr (line, "\"device_add\"") == NULL || strstr (line, "\"vfio-ap\"") == NULL)
    return g_strdup (line);
  return rewrite_json_device (line);
}

int
lab_emulator_find_monitor (char *const *arguments)
{
  for (char *const *argument = arguments; *argument != NULL; argument++) {
    const char *fd = strstr (*argument, ",fd=");

    if (g_str_has_prefix (*argument, "socket,id=charmonitor,") && fd != NULL)
      return atoi (fd + strlen (",fd="));
  }
  return -1;
}
