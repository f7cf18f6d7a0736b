#include "api/expression/lexer.h"
#include "api/partiql/parser.h"
#include "api/partiql/reserved_words.h"

namespace varve::api::partiql {

using expression::equals_ignoring_case;

namespace {

constexpr size_t kMaxDepth = 64;

bool is_operator(Slice symbol) {
  return symbol != "(" && symbol != ")" && symbol != "[" && symbol != "]" && symbol != "{" && symbol != "}" &&
         symbol != "," && symbol != "." && symbol != ":" && symbol != ";" && symbol != "<<" && symbol != ">>";
}

}  // namespace

bool Parser::is_keyword(Slice word) const {
  return token().kind == TokenKind::kWord && equals_ignoring_case(token().text, word);
}

bool Parser::is_any_keyword(std::initializer_list<Slice> words) const {
  return std::any_of(words.begin(), words.end(), [&](Slice word) { return is_keyword(word); });
}

bool Parser::is_call() const {
  return token().kind == TokenKind::kWord && next_token().kind == TokenKind::kSymbol &&
         next_token().text == "(";
}

bool Parser::take_symbol(Slice symbol) {
  if (!is_symbol(symbol)) return false;
  advance();
  return true;
}

bool Parser::take_keyword(Slice word) {
  if (!is_keyword(word)) return false;
  advance();
  return true;
}

Status Parser::expect_symbol(Slice symbol) { return take_symbol(symbol) ? Status() : unexpected(); }
Status Parser::expect_keyword(Slice word) { return take_keyword(word) ? Status() : unexpected(); }

Status Parser::unexpected() const {
  if (token().kind == TokenKind::kWord && is_reserved_word(token().text)) {
    return malformed("Unexpected keyword");
  }
  if (token().kind == TokenKind::kSymbol && is_operator(token().text))
    return malformed("Unexpected operator");
  return malformed("Unexpected term");
}

Status Parser::unsupported_clause() const {
  std::string clause = token().text;
  for (char& c : clause) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return Status::invalid_argument("Unsupported clause: " + clause +
                                  " at 1:" + std::to_string(token().begin + 1));
}

Status Parser::enter() {
  if (++depth_ <= kMaxDepth) return {};
  return Status::invalid_argument("Statement is nested too deeply; nesting levels: " +
                                  std::to_string(depth_));
}

std::string Parser::name_placeholder(std::string name) {
  const auto [at, is_new] = placeholders_of_names_.try_emplace(name);
  if (is_new) {
    at->second = "#" + std::to_string(statement_.names.size());
    statement_.names.push_back(std::move(name));
  }
  return at->second;
}

std::string Parser::value_placeholder(index::AttributeValue value) {
  statement_.values.push_back(std::move(value));
  return ":" + std::to_string(statement_.values.size() - 1);
}

// A bare word that is not reserved, or anything in double quotes.
Result<std::string> Parser::parse_name() {
  const bool is_name = token().kind == TokenKind::kQuotedName ||
                       (token().kind == TokenKind::kWord && !is_reserved_word(token().text));
  if (!is_name) return unexpected();
  std::string name = token().text;
  advance();
  return name;
}

Status Parser::parse_index(expression::SyntaxPath* path) {
  expression::SyntaxStep step;
  if (token().kind == TokenKind::kString) {  // m['key'] is m."key"
    if (token().text.empty()) return Status::invalid_argument("Path component cannot be an empty string");
    step.text = name_placeholder(token().text);
  } else {
    constexpr size_t kMaxDigits = 9;
    const std::string& digits = token().text;
    if (token().kind != TokenKind::kNumber || digits.size() > kMaxDigits ||
        digits.find_first_not_of("0123456789") != std::string::npos) {
      return unexpected();
    }
    step.is_index = true;
    step.index = static_cast<uint32_t>(std::stoul(digits));
  }
  advance();
  path->push_back(std::move(step));
  return expect_symbol("]");
}

Result<expression::SyntaxPath> Parser::parse_path() {
  expression::SyntaxPath path;
  do {
    VARVE_ASSIGN_OR_RETURN(std::string name, parse_name());
    if (name.empty()) return Status::invalid_argument("Path component cannot be an empty string");
    expression::SyntaxStep step;
    step.text = name_placeholder(std::move(name));
    path.push_back(std::move(step));
    while (take_symbol("[")) VARVE_RETURN_IF_ERROR(parse_index(&path));
  } while (take_symbol("."));
  if (path.size() > expression::kMaxPathSteps) {
    return Status::invalid_argument("The document path has too many nesting levels; nesting levels: " +
                                    std::to_string(path.size()));
  }
  return path;
}

Status Parser::parse_table(PathUse use) {
  std::vector<std::string> parts;
  do {
    auto part = parse_name();
    if (!part.ok()) {
      return use == PathUse::kSimple ? malformed("Expected identifier for simple path") : part.status();
    }
    parts.push_back(*std::move(part));
  } while (take_symbol("."));
  if (statement_.kind == StatementKind::kInsert && parts.size() > 1) {
    return Status::invalid_argument("FROM clause may only contain a single table name");
  }
  if (parts.size() > 2) {
    return Status::invalid_argument("A path may contain at most 2 components in the FROM clause");
  }
  for (const std::string& part : parts) {
    if (part.empty()) return Status::invalid_argument("Path component cannot be an empty string");
  }
  if (parts.size() == 2 && use == PathUse::kSimple) {
    return Status::invalid_argument("This operation is not supported on an index");
  }
  statement_.table = std::move(parts[0]);
  if (parts.size() == 2) statement_.index = std::move(parts[1]);
  return {};
}

Status Parser::refuse_alias() const {
  const bool is_alias = is_keyword("AS") || token().kind == TokenKind::kQuotedName ||
                        (token().kind == TokenKind::kWord && !is_reserved_word(token().text));
  return is_alias ? Status::invalid_argument("Aliasing is not supported") : Status();
}

Status Parser::parse_where() {
  statement_.where.emplace();
  where().kind = expression::ExpressionKind::kStatement;
  VARVE_ASSIGN_OR_RETURN(where().root, parse_or());
  return {};
}

Status Parser::parse_order() {
  VARVE_RETURN_IF_ERROR(expect_keyword("BY"));
  do {
    OrderKey key;
    VARVE_ASSIGN_OR_RETURN(key.attribute, parse_name());
    key.descending = take_keyword("DESC");
    if (!key.descending) (void)take_keyword("ASC");
    statement_.order.push_back(std::move(key));
  } while (take_symbol(","));
  return {};
}

Status Parser::parse_returning() {
  const bool modified = is_keyword("MODIFIED");
  if (!modified && !is_keyword("ALL")) return unexpected();
  advance();
  const bool is_new = is_keyword("NEW");
  if (!is_new && !is_keyword("OLD")) return unexpected();
  advance();
  VARVE_RETURN_IF_ERROR(expect_symbol("*"));
  if (statement_.kind == StatementKind::kDelete && (modified || is_new)) {
    return Status::invalid_argument("Invalid returning clause: RETURNING " +
                                    std::string(modified ? "MODIFIED " : "ALL ") + (is_new ? "NEW" : "OLD") +
                                    " *. Only RETURNING ALL OLD * is allowed in DELETE statements.");
  }
  if (modified) {
    statement_.returning = is_new ? Returning::kModifiedNew : Returning::kModifiedOld;
  } else {
    statement_.returning = is_new ? Returning::kAllNew : Returning::kAllOld;
  }
  return {};
}

Status Parser::parse_select() {
  if (!take_symbol("*")) {
    do {
      VARVE_ASSIGN_OR_RETURN(auto path, parse_path());
      statement_.projection.push_back(std::move(path));
      VARVE_RETURN_IF_ERROR(refuse_alias());
    } while (take_symbol(","));
  }
  VARVE_RETURN_IF_ERROR(expect_keyword("FROM"));
  VARVE_RETURN_IF_ERROR(parse_table(PathUse::kRead));
  VARVE_RETURN_IF_ERROR(refuse_alias());
  if (take_keyword("WHERE")) VARVE_RETURN_IF_ERROR(parse_where());
  if (take_keyword("ORDER")) VARVE_RETURN_IF_ERROR(parse_order());
  return {};
}

Status Parser::parse_exists() {
  statement_.kind = StatementKind::kExists;
  VARVE_RETURN_IF_ERROR(expect_symbol("("));
  VARVE_RETURN_IF_ERROR(expect_keyword("SELECT"));
  VARVE_RETURN_IF_ERROR(parse_select());
  return expect_symbol(")");
}

Status Parser::parse_insert() {
  statement_.kind = StatementKind::kInsert;
  VARVE_RETURN_IF_ERROR(expect_keyword("INTO"));
  VARVE_RETURN_IF_ERROR(parse_table(PathUse::kSimple));
  VARVE_RETURN_IF_ERROR(expect_keyword("VALUE"));
  VARVE_ASSIGN_OR_RETURN(index::AttributeValue value, parse_value());
  if (!value.is(index::AttributeType::kMap)) return malformed("Unexpected term");
  statement_.item = std::move(value.as_map());
  return {};
}

Status Parser::parse_update() {
  statement_.kind = StatementKind::kUpdate;
  VARVE_RETURN_IF_ERROR(parse_table(PathUse::kSimple));
  VARVE_RETURN_IF_ERROR(refuse_alias());
  VARVE_RETURN_IF_ERROR(parse_assignments());
  if (take_keyword("WHERE")) VARVE_RETURN_IF_ERROR(parse_where());
  return take_keyword("RETURNING") ? parse_returning() : Status();
}

Status Parser::parse_delete() {
  statement_.kind = StatementKind::kDelete;
  VARVE_RETURN_IF_ERROR(expect_keyword("FROM"));
  VARVE_RETURN_IF_ERROR(parse_table(PathUse::kSimple));
  VARVE_RETURN_IF_ERROR(refuse_alias());
  if (take_keyword("WHERE")) VARVE_RETURN_IF_ERROR(parse_where());
  return take_keyword("RETURNING") ? parse_returning() : Status();
}

// FROM table WHERE ... SET ...: an UPDATE with its clauses the other way round.
Status Parser::parse_from_first() {
  statement_.kind = StatementKind::kUpdate;
  VARVE_RETURN_IF_ERROR(parse_table(PathUse::kSimple));
  VARVE_RETURN_IF_ERROR(refuse_alias());
  if (take_keyword("WHERE")) VARVE_RETURN_IF_ERROR(parse_where());
  VARVE_RETURN_IF_ERROR(parse_assignments());
  return take_keyword("RETURNING") ? parse_returning() : Status();
}

Status Parser::check_end() {
  (void)take_symbol(";");
  if (is_any_keyword({"LIMIT", "GROUP", "HAVING", "OFFSET", "UNION", "JOIN"})) return unsupported_clause();
  if (token().kind != TokenKind::kEnd) return malformed("Unexpected token after expression");
  if (parameters_used_ > parameters_.size()) {
    return Status::invalid_argument("Number of parameters in request and statement don't match.");
  }
  return {};
}

Result<Statement> Parser::parse() {
  Status status;
  if (take_keyword("SELECT")) {
    status = parse_select();
  } else if (take_keyword("INSERT")) {
    status = parse_insert();
  } else if (take_keyword("UPDATE")) {
    status = parse_update();
  } else if (take_keyword("DELETE")) {
    status = parse_delete();
  } else if (take_keyword("FROM")) {
    status = parse_from_first();
  } else if (take_keyword("EXISTS")) {
    status = parse_exists();
  } else if (token().kind == TokenKind::kWord && !is_reserved_word(token().text)) {
    status = next_token().kind == TokenKind::kEnd ? malformed("Expected data manipulation")
                                                  : malformed("Unexpected token after expression");
  } else {
    status = unexpected();
  }
  VARVE_RETURN_IF_ERROR(status);
  VARVE_RETURN_IF_ERROR(check_end());
  return std::move(statement_);
}

Result<Statement> parse_statement(Slice text, std::span<const index::AttributeValue> parameters) {
  VARVE_ASSIGN_OR_RETURN(std::vector<Token> tokens, tokenize(text));
  return Parser(std::move(tokens), parameters).parse();
}

bool begins_as_read(Slice text) { return equals_ignoring_case(first_word(text), "SELECT"); }

}  // namespace varve::api::partiql
