/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON as it is read from strangers, and as it is written. */
#include "json/json.h"
#include "json/writer.h"

#include <string.h>

static void
test_refused (void)
{
  static const struct {
    const char *text;
    const char *error;
  } rows[] = {
    { "", "JSON is empty" },
    { "{\"a\":1,\"a\":2}", "*duplicate*" },
    { "{\"a\":1} {}", "JSON line 1: *" },
    { "{\"a\":1}\n// no comment\n", "JSON line 2: *" },
    { "{'a':1}", "JSON line 1: *" },
    { "{\"a\":01}", "JSON line 1: *" },
    { "{\"a\":\"\\ud800\"}", "JSON line 1: *" },
    { "{\"a\":\"\\u0000\"}", "JSON line 1: *" },
    { "{\"a\":\"\t\"}", "JSON line 1: *" },
    { "{\"a\":\"\\u0\xd0\x9a" "9\"}", "JSON line 1: *" },
    { "[1,]", "JSON line 1: *" },
    { "{\"a\"\n:\n\"\xff\"}", "JSON line 3: byte 0xff is not UTF-8 text" },
    { "{\"longer than the limit\":true, \"and\":\"so on\"}", "JSON of 45 bytes*" },
    { "99999999999999999999", "JSON line 1: *" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    json_auto_t *root = vap_json_parse (rows[i].text, strlen (rows[i].text), 40, &error);

    g_assert_null (root);
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    if (!g_pattern_match_simple (rows[i].error, error->message))
      g_error ("%s: %s", rows[i].text, error->message);
  }
}

static void
test_depth (void)
{
  g_autofree char *text = g_strnfill (1000000, '[');
  g_autoptr (GError) error = NULL;
  json_auto_t *root = vap_json_parse (text, strlen (text), 2000000, &error);

  g_assert_null (root);
  g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
}

static void
test_taken (void)
{
  static const char text[] = "{\"a\":[1,\"\\u00e4\\ud83d\\ude00\"],\"b\":null} trailing";
  g_autoptr (GError) error = NULL;
  json_auto_t *root = vap_json_parse (text, strlen (text) - strlen (" trailing"),
                                      VAP_JSON_MAX, &error);
  json_t *list;

  g_assert_no_error (error);
  list = json_object_get (root, "a");
  g_assert_cmpuint (json_array_size (list), ==, 2);
  g_assert_cmpstr (json_string_value (json_array_get (list, 1)), ==,
                   "\xc3\xa4\xf0\x9f\x98\x80");
}

static void
test_written (void)
{
  g_autoptr (VapJson) json = vap_json_new ();
  g_autofree char *pretty = NULL;
  g_autofree char *compact = NULL;

  vap_json_begin_object (json);
  vap_json_name (json, "z");
  vap_json_string (json, "a \"quoted\" \xff");
  vap_json_name (json, "a");
  vap_json_begin_array (json);
  vap_json_int (json, -5);
  vap_json_bool (json, TRUE);
  vap_json_null (json);
  vap_json_string (json, NULL);
  vap_json_begin_object (json);
  vap_json_end_object (json);
  vap_json_end_array (json);
  vap_json_end_object (json);

  compact = vap_json_to_text (json, FALSE);
  g_assert_cmpstr (compact, ==,
                   "{\"z\":\"a \\\"quoted\\\" \xef\xbf\xbd\",\"a\":[-5,true,null,null,{}]}");
  pretty = vap_json_to_text (json, TRUE);
  g_assert_true (g_str_has_prefix (pretty, "{\n  \"z\": \"a"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/refused", test_refused);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/taken", test_taken);
  g_test_add_func ("/json/written", test_written);
  return g_test_run ();
}
