// What the readers and writers of calls share. Only core/wire includes it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/wire/call.h"
#include "core/wire/json_doc.h"
#include "core/wire/json_out.h"
#include "core/wire/tool_names.h"
#include "core/wire/translate.h"

namespace pg {

/// Where a writer finds what is not in the call, and leaves what it had to lose.
struct WriteWork {
  const TranslateOptions& options;
  ToolTable& tools;
  Warnings& warnings;
};

Result<Call> read_anthropic_call(JsonView root, Warnings& warnings);
Result<Call> read_chat_call(JsonView root, Warnings& warnings);
Result<Call> read_responses_call(JsonView root, Warnings& warnings);

/// The body, appended to `out`. `call` has been through settle_call().
Status write_anthropic_call(const Call& call, WriteWork& work, std::string& out);
Status write_chat_call(const Call& call, WriteWork& work, std::string& out);
Status write_responses_call(const Call& call, WriteWork& work, std::string& out);
Status write_gemini_call(const Call& call, WriteWork& work, std::string& out);
Status write_cohere_call(const Call& call, WriteWork& work, std::string& out);

/// What every target wants of a history: each tool call is followed by its result, ids are short and clean, results know their
/// tool.
void settle_call(Call& call, Warnings& warnings);

/// OpenAI's `{mode, tools}`, whose tools are `{type, name}` or `{type, function: {name}}`. None allowed is no call at all.
void read_allowed_tools(JsonView allowed, ToolChoice& choice, Warnings& warnings);
/// For a target that cannot be told which tools may be called: it is offered those alone.
void offer_allowed_tools(Call& call, Warnings& warnings);

/// bad_request naming the parameter.
Error cannot_cross(std::string_view parameter, std::string_view target);
/// A warning for every member of `object` that is given and not in `known`.
void warn_unknown(JsonView object, std::string_view place, std::initializer_list<std::string_view> known, Warnings& warnings);
/// Keeps a parameter as an extra, unless it is absent, null, false, or an empty list or object.
void keep_extra(JsonView root, std::string_view name, bool essential, Call& call);
/// Refuses or drops the extras of a call, by name; those in `keep` are left for the caller.
Status settle_extras(const Call& call, const WriteWork& work, std::string_view target,
                     std::initializer_list<std::string_view> keep);

/// A warning for what `target` has no field for, wherever in the call it stands: cache marks, another vendor's proofs.
void warn_lost_marks(const Call& call, Wire target, Warnings& warnings);
/// A warning for each setting that only OpenAI and Anthropic have a place for.
void warn_openai_settings(const Call& call, Warnings& warnings);

std::string number_text(JsonView value);                       // a number's spelling, else ""
double double_of(const std::string& number);                   // of such a spelling; 0 for ""
std::optional<bool> read_flag(JsonView value);                 // nullopt when it is no boolean
void read_list(JsonView list, std::vector<std::string>& out);  // strings; one string counts as a list of it

/// Fills `media` from a data: URL or any other.
void read_url(std::string_view url, Media& media);
std::string data_url(const Media& media);
/// A file as words, for targets that take no such file: its title and its text.
std::string file_as_text(const Media& media);
/// Decodes a base64 text/* file into media.text.
void decode_text_file(Media& media);

Part text_part(std::string text);
/// Nothing but text, in any number of parts.
bool is_all_text(const std::vector<Part>& parts);
/// A tool result as one text: its texts joined by line breaks, an error marked as one.
std::string result_text(const Part& result);
/// What the result of a failed tool call begins with, where the dialect has no field for it.
inline constexpr std::string_view kErrorMark = "Error: ";
/// The images and files of a tool result, for dialects whose results hold text only.
std::vector<Part> result_media(const Part& result);

/// `effort` as thinking tokens, and back.
std::int64_t budget_of(std::string_view effort);
std::string_view effort_of(std::int64_t budget);
/// The effort a call asks for, however it said it; "" when it asked for nothing.
std::string_view wanted_effort(const Call& call);

/// An id for a client's user that tells nobody who it is, at most 64 characters.
std::string short_user(const std::string& user, Warnings& warnings);

}  // namespace pg
