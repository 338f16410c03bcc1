"""`label-schemas/...`"""

from ..dsl import API3


def build(g):
    g.post("experiment", "experiments/create", {"name": "label_schemas"}, save={"e": "experiment_id"})
    g.post("other_experiment", "experiments/create", {"name": "label_schemas-other"}, save={"f": "experiment_id"})
    g.post(
        "ls_pf",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "Correct?", "type": "FEEDBACK", "input": {"pass_fail": {"positive_label": "Yes", "negative_label": "No"}}, "instruction": "i", "enable_comment": True},
        save={"ls1": "label_schema.schema_id"},
    )
    g.post(
        "ls_cat",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "cat", "type": "EXPECTATION", "input": {"categorical": {"options": ["a", "b"], "multi_select": True}}},
        save={"ls2": "label_schema.schema_id"},
    )
    g.post(
        "ls_num",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "num", "type": "FEEDBACK", "input": {"numeric": {"min_value": 0, "max_value": 1.5}}},
    )
    g.post("ls_num_open", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "numo", "type": "FEEDBACK", "input": {"numeric": {}}})
    g.post("ls_text", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "text", "type": 1, "input": {"text": {"max_length": 5}}})
    g.post(
        "ls_text_open",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "texto", "type": "FEEDBACK", "input": {"text": {}}, "instruction": ""},
    )
    g.post("ls_dup", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "cat", "type": "FEEDBACK", "input": {"text": {}}})
    g.post("ls_no_input", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK"})
    g.post("ls_no_type", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "x", "input": {"text": {}}})
    g.post("ls_bad_type", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "x", "type": "BOGUS", "input": {"text": {}}})
    g.post(
        "ls_unspec_type",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "x", "type": "LABEL_SCHEMA_TYPE_UNSPECIFIED", "input": {"text": {}}},
    )
    g.post("ls_reserved", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": " feedback ", "type": "FEEDBACK", "input": {"text": {}}})
    g.post("ls_no_name", API3 + "label-schemas/create", {"experiment_id": "${e}", "type": "FEEDBACK", "input": {"text": {}}})
    g.post(
        "ls_long",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", "type": "FEEDBACK", "input": {"text": {}}},
    )
    g.post(
        "ls_long_instr",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "x", "instruction": "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", "type": "FEEDBACK", "input": {"text": {}}},
    )
    g.post(
        "ls_pf_same",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {"pass_fail": {"positive_label": "Y", "negative_label": "Y"}}},
    )
    g.post("ls_pf_empty", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {"pass_fail": {}}})
    g.post(
        "ls_pf_long",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {"pass_fail": {"positive_label": "YYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYY", "negative_label": "N"}}},
    )
    g.post("ls_cat_empty", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {"categorical": {}}})
    g.post(
        "ls_cat_many",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {"categorical": {"options": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]}}},
    )
    g.post(
        "ls_cat_dup",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {"categorical": {"options": ["a", "a"]}}},
    )
    g.post(
        "ls_cat_blank",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {"categorical": {"options": [""]}}},
    )
    g.post(
        "ls_cat_long",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {"categorical": {"options": ["ooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo"]}}},
    )
    g.post(
        "ls_num_order",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {"numeric": {"min_value": 2, "max_value": 1}}},
    )
    g.post("ls_text_0", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {"text": {"max_length": 0}}})
    g.post("ls_two", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {"text": {}, "numeric": {}}})
    g.post("ls_empty_input", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": {}})
    g.post("ls_input_text", API3 + "label-schemas/create", {"experiment_id": "${e}", "name": "x", "type": "FEEDBACK", "input": "t"})
    g.post(
        "ls_num_nan",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "xn", "type": "FEEDBACK", "input": {"numeric": {"min_value": "NaN", "max_value": "Infinity"}}},
    )
    g.post("ls_no_exp", API3 + "label-schemas/create", {"experiment_id": "9999", "name": "x", "type": "FEEDBACK", "input": {"text": {}}})
    g.post("ls_exp_abc", API3 + "label-schemas/create", {"experiment_id": "abc", "name": "x", "type": "FEEDBACK", "input": {"text": {}}})
    g.post("ls_none", API3 + "label-schemas/create", {})
    g.get("ls_get", API3 + "label-schemas/get", {"schema_id": "${ls1}"})
    g.get("ls_get_none", API3 + "label-schemas/get")
    g.get("ls_get_missing", API3 + "label-schemas/get", {"schema_id": "x"})
    g.get("ls_by_name", API3 + "label-schemas/get-by-name", {"experiment_id": "${e}", "name": "cat"})
    g.get("ls_by_name_missing", API3 + "label-schemas/get-by-name", {"experiment_id": "${e}", "name": "nope"})
    g.get("ls_by_name_exp", API3 + "label-schemas/get-by-name", {"experiment_id": "9999", "name": "nope"})
    g.patch("lu_name", API3 + "label-schemas/update", {"schema_id": "${ls2}", "name": "kitty"})
    g.patch("lu_dup", API3 + "label-schemas/update", {"schema_id": "${ls2}", "name": "num"})
    g.patch("lu_same", API3 + "label-schemas/update", {"schema_id": "${ls2}", "name": "kitty"})
    g.patch("lu_instr", API3 + "label-schemas/update", {"schema_id": "${ls2}", "instruction": "hm", "enable_comment": True})
    g.patch("lu_options", API3 + "label-schemas/update", {"schema_id": "${ls2}", "input": {"categorical": {"options": ["c"], "multi_select": True}}})
    g.patch("lu_multi", API3 + "label-schemas/update", {"schema_id": "${ls2}", "input": {"categorical": {"options": ["c"]}}})
    g.patch("lu_variant", API3 + "label-schemas/update", {"schema_id": "${ls2}", "input": {"text": {}}})
    g.patch("lu_none", API3 + "label-schemas/update", {})
    g.patch("lu_missing", API3 + "label-schemas/update", {"schema_id": "x", "name": "q"})
    g.patch("lu_reserved", API3 + "label-schemas/update", {"schema_id": "${ls2}", "name": "Feedback"})
    g.patch("lu_empty_input", API3 + "label-schemas/update", {"schema_id": "${ls2}", "input": {}})
    g.patch("lu_nothing", API3 + "label-schemas/update", {"schema_id": "${ls2}"})
    g.patch("lu_empty_name", API3 + "label-schemas/update", {"schema_id": "${ls2}", "name": ""})
    g.get("ls_list_F", API3 + "label-schemas/list", {"experiment_id": "${f}"}, save={"lsdef": "label_schemas.0.schema_id"})
    g.patch("lu_default", API3 + "label-schemas/update", {"schema_id": "${lsdef}", "name": "q"})
    g.delete("ls_del_default", API3 + "label-schemas/delete", {"schema_id": "${lsdef}"})
    g.get("ls_by_name_default", API3 + "label-schemas/get-by-name", {"experiment_id": "${f}", "name": "Feedback"})
    g.get("ls_list_max1", API3 + "label-schemas/list", {"experiment_id": "${e}", "max_results": 1})
    g.get("ls_list_0", API3 + "label-schemas/list", {"experiment_id": "${e}", "max_results": 0})
    g.get("ls_list_50001", API3 + "label-schemas/list", {"experiment_id": "${e}", "max_results": 50001})
    g.get("ls_list_none", API3 + "label-schemas/list")
    g.get("ls_list_9999", API3 + "label-schemas/list", {"experiment_id": "9999"})
    g.get("ls_list_tok", API3 + "label-schemas/list", {"experiment_id": "${e}", "page_token": "zz"})
    g.delete("ls_delete", API3 + "label-schemas/delete", {"schema_id": "${ls2}"})
    g.delete("ls_delete_again", API3 + "label-schemas/delete", {"schema_id": "${ls2}"})
    g.delete("ls_delete_none", API3 + "label-schemas/delete", {})
