// SPDX-License-Identifier: GPL-3.0-or-later
// The greedy algorithm of E. Myers, Algorithmica 1 (1986), pages 251 to 266; and runs moved as diff(1) does.
#include "lib/formats/unified_diff.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "lib/formats/raw_lines.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

/// Beyond these the comparison takes too much: time grows as lines times differences, memory as the square of
/// differences.
constexpr size_t most_lines = 200'000;
constexpr int most_differences = 1000;
constexpr size_t context = 3;

/// One text; what of it is not in the other is marked.
struct Side {
    std::vector<std::string_view> lines;
    std::vector<int> numbers;  ///< equal lines of both texts have the same one
    std::vector<bool> marked;
};

void number_lines(Side& before, Side& after) {
    std::unordered_map<std::string_view, int> numbers;
    for (auto* side : {&before, &after})
        for (const auto line : side->lines)
            side->numbers.push_back(
                numbers.try_emplace(line, static_cast<int>(numbers.size())).first->second);
}

/// How far a path that made a number of differences has come in `before`, for each diagonal (its place in
/// `before` minus that in `after`).
class Reach {
public:
    explicit Reach(int differences)
        : furthest_(2 * static_cast<size_t>(differences) + 3, -1), middle_(differences + 1) {}
    int& operator[](int diagonal) { return furthest_[place(diagonal)]; }
    int operator[](int diagonal) const { return furthest_[place(diagonal)]; }

private:
    size_t place(int diagonal) const { return static_cast<size_t>(long{middle_} + diagonal); }

    std::vector<int> furthest_;
    int middle_;
};

/// True where the last difference on the way to a diagonal is a line of `after`: to the path that came
/// further.
bool is_insertion(const Reach& last, int diagonal, int differences) {
    return diagonal == -differences || (diagonal != differences && last[diagonal - 1] < last[diagonal + 1]);
}

/// Marks the lines between `begin` and the ends that differ.
void compare(Side& before, Side& after, size_t begin, size_t before_end, size_t after_end) {
    const auto mark_all = [&] {
        std::fill(before.marked.begin() + static_cast<std::ptrdiff_t>(begin),
                  before.marked.begin() + static_cast<std::ptrdiff_t>(before_end), true);
        std::fill(after.marked.begin() + static_cast<std::ptrdiff_t>(begin),
                  after.marked.begin() + static_cast<std::ptrdiff_t>(after_end), true);
    };
    if (begin == before_end || begin == after_end || before_end + after_end - 2 * begin > most_lines)
        return mark_all();

    const auto* const a = before.numbers.data() + begin;
    const auto* const b = after.numbers.data() + begin;
    const int a_size = static_cast<int>(before_end - begin), b_size = static_cast<int>(after_end - begin);
    std::vector<Reach> reaches;
    const auto step = [&](int differences) {
        Reach reach(differences);
        for (int k = -differences; k <= differences; k += 2) {
            int x = 0;
            if (differences > 0) {
                const auto& last = reaches.back();
                x = is_insertion(last, k, differences) ? last[k + 1] : last[k - 1] + 1;
            }
            int y = x - k;  // may be beyond an end: from there no path leads back, nor is any shorter
            while (x < a_size && y < b_size && a[x] == b[y]) ++x, ++y;
            reach[k] = x;
        }
        reaches.push_back(std::move(reach));
        const int goal = a_size - b_size;
        return std::abs(goal) <= differences && reaches.back()[goal] >= a_size;
    };
    int differences = 0;
    while (!step(differences))
        if (++differences > most_differences) return mark_all();

    int x = a_size, y = b_size;
    for (; differences > 0; --differences) {
        const auto& last = reaches[static_cast<size_t>(differences) - 1];
        const int k = x - y;
        const bool insertion = is_insertion(last, k, differences);
        x = insertion ? last[k + 1] : last[k - 1];
        y = x - (insertion ? k + 1 : k - 1);
        if (insertion) after.marked[begin + static_cast<size_t>(y)] = true;
        else before.marked[begin + static_cast<size_t>(x)] = true;
    }
}

/// For each number of unmarked lines: whether a marked one follows so many.
std::vector<bool> runs_of(const Side& side) {
    std::vector<bool> runs(1);
    for (const bool marked : side.marked) {
        if (marked) runs.back() = true;
        else runs.push_back(false);
    }
    return runs;
}

/// A run of marked lines that says the same further up or down is moved as diff(1) moves it: beside a run of
/// the other text where there is one, else down. Runs that meet become one.
void slide(Side& side, const std::vector<bool>& other_runs) {
    auto& marked = side.marked;
    const auto& numbers = side.numbers;
    const size_t size = numbers.size();
    size_t unmarked = 0;  // before begin
    for (size_t begin = 0; begin < size;) {
        if (!marked[begin]) {
            ++begin, ++unmarked;
            continue;
        }
        size_t end = begin, length = 0, beside = 0;
        while (end < size && marked[end]) ++end;
        const auto up = [&] {
            marked[--begin] = true;
            marked[--end] = false;
            --unmarked;
        };
        while (length != end - begin) {
            length = end - begin;
            while (begin > 0 && numbers[begin - 1] == numbers[end - 1]) {
                up();
                while (begin > 0 && marked[begin - 1]) --begin;
            }
            beside = other_runs[unmarked] ? unmarked : size;
            while (end < size && numbers[begin] == numbers[end]) {
                marked[begin++] = false;
                marked[end++] = true;
                if (other_runs[++unmarked]) beside = unmarked;
                while (end < size && marked[end]) ++end;
            }
        }
        while (unmarked > beside) up();
        begin = end;
    }
}

/// Lines [begin, end) of both texts.
struct Change {
    size_t before_begin, before_end, after_begin, after_end;
};

std::vector<Change> changes(const Side& before, const Side& after) {
    std::vector<Change> all;
    size_t i = 0, j = 0;
    while (i < before.lines.size() || j < after.lines.size()) {
        Change change{i, i, j, j};
        while (i < before.lines.size() && before.marked[i]) change.before_end = ++i;
        while (j < after.lines.size() && after.marked[j]) change.after_end = ++j;
        if (i > change.before_begin || j > change.after_begin) all.push_back(change);
        else ++i, ++j;
    }
    return all;
}

/// "12,7"; of no lines the one before them.
std::string range(size_t begin, size_t end) {
    const auto first = std::to_string(begin == end ? begin : begin + 1);
    return end - begin == 1 ? first : concat({first, ",", std::to_string(end - begin)});
}

void tell(std::string& text, char sign, const Side& side, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
        text += sign;
        text += side.lines[i];
        if (!text.ends_with('\n')) text += "\n\\ No newline at end of file\n";
    }
}

/// Changes [first, last) in one piece.
void tell_hunk(std::string& text, const Side& before, const Side& after, const Change* first,
               const Change* last) {
    const auto lead = std::min(context, first->before_begin);
    const auto trail = std::min(context, before.lines.size() - last[-1].before_end);
    size_t told = first->before_begin - lead;
    append(text, {"@@ -", range(told, last[-1].before_end + trail), " +",
                  range(first->after_begin - lead, last[-1].after_end + trail), " @@\n"});
    for (; first != last; ++first) {
        tell(text, ' ', before, told, first->before_begin);
        tell(text, '-', before, first->before_begin, first->before_end);
        tell(text, '+', after, first->after_begin, first->after_end);
        told = first->before_end;
    }
    tell(text, ' ', before, told, told + trail);
}

}  // namespace

std::string unified_diff(std::string_view before_text, std::string_view after_text,
                         std::string_view before_name, std::string_view after_name) {
    if (before_text == after_text) return "";
    Side before, after;
    before.lines = raw_lines(before_text);
    after.lines = raw_lines(after_text);
    number_lines(before, after);
    before.marked.resize(before.lines.size());
    after.marked.resize(after.lines.size());

    size_t begin = 0, before_end = before.lines.size(), after_end = after.lines.size();
    while (begin < std::min(before_end, after_end) && before.numbers[begin] == after.numbers[begin]) ++begin;
    while (std::min(before_end, after_end) > begin &&
           before.numbers[before_end - 1] == after.numbers[after_end - 1])
        --before_end, --after_end;
    compare(before, after, begin, before_end, after_end);
    slide(before, runs_of(after));
    slide(after, runs_of(before));

    auto text = concat({"--- ", before_name, "\n+++ ", after_name, "\n"});
    const auto all = changes(before, after);
    for (const auto *first = all.data(), *const end = first + all.size(), *last = first; first != end;
         first = last) {
        do ++last;
        while (last != end && last->before_begin - last[-1].before_end <= 2 * context);
        tell_hunk(text, before, after, first, last);
    }
    return text;
}

}  // namespace virtbp
