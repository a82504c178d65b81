//! Every error, warning and note the program can print, with its stable code.
//!
//! To add one: an entry here (in [`ALL`]) and the test that raises it. Codes are never reused. T1xxx command line and project file, T2xxx mapping, T3xxx data, T4xxx input and output,
//! T5xxx limits, N… notes and warnings in the report.

/// Decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Exit 1 under `--strict`: the numbers are right, something deserves a look.
    Warning,
    /// Told in every output; never changes the exit code.
    Note,
    /// Exit 2: command line, project file or mapping at fault.
    Usage,
    /// Exit 3: data at fault; nothing is written.
    Data,
    /// Exit 4: a file cannot be read or written.
    Io,
    /// Exit 5: a limit is reached.
    Limit,
}

/// One entry of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// Stable code.
    pub code: &'static str,
    /// Class, and so the exit code.
    pub class: Class,
    /// A few words.
    pub title: &'static str,
    /// What it means and what to do, for `tanso --explain CODE` and `docs/errors.md`.
    pub explanation: &'static str,
}

macro_rules! catalogue {
    ($($name:ident = $code:literal $class:ident $title:literal: $explanation:literal;)*) => {
        $(
            #[doc = $title]
            pub static $name: Entry = Entry {
                code: $code,
                class: Class::$class,
                title: $title,
                explanation: $explanation,
            };
        )*
        /// Every entry, in the order of the codes.
        pub static ALL: &[&Entry] = &[$(&$name),*];
    };
}

catalogue! {
    BAD_OPTION = "T1001" Usage "option not understood":
        "An option has a value that cannot be used. The message says which values can.";
    PROJECT_FILE = "T1010" Usage "project file not understood":
        "`tanso.toml` has an unknown or repeated key, or a value of the wrong kind. Money and ratios are quoted strings, because a bare TOML number is a binary float: write price = \"99\".";
    NO_INPUT = "T1020" Usage "no input":
        "No files were named and no `tanso.toml` with `inputs` was found. Name the files, or run `tanso init FILES` once.";
    WRONG_KIND = "T1030" Usage "files do not fit the command":
        "The files are readable, but the command needs another kind of file too. The message says which kinds were found.";
    OUTPUT_IS_INPUT = "T1040" Usage "output would overwrite an input":
        "The output file is one of the inputs, or a directory. Choose another name.";
    SCENARIO = "T1060" Usage "scenario does not fit":
        "A scenario, by options or as a file, contradicts itself or asks for something that the data do not have: a plan that nobody is on, a meter that no log has, a model without a price, a price in another currency. Plans come from the mapping file's plan column, subscriptions with prices, or the revenue file's plan column.";
    LOOK_ALIKES = "T1061" Usage "too few look-alikes":
        "A quote rests on customers who look alike, and fewer than ten of them were found; what lies beyond the heaviest of so few would be a guess. Loosen --like, read more months, or give the customers' seats in a column seats of the mapping file.";
    MAPPING = "T2001" Usage "mapping file not understood":
        "The mapping file needs the columns customer, source and id; every row names a customer. Dates are written 2026-10-01.";
    MAPPING_CONFLICT = "T2002" Usage "one id, two customers":
        "The same id is mapped to two customers at the same time. Give the rows disjoint valid_from and valid_to dates, or remove one.";
    MAPPING_ATTRIBUTE = "T2003" Usage "one customer, two values of an attribute":
        "An extra column of the mapping has two different values for the same customer at the same time.";
    EMPTY_FILE = "T3001" Data "empty file":
        "The file has no rows. An empty bill would make every customer look profitable, so it is refused; pass --allow-empty if it is meant.";
    UNKNOWN_FORMAT = "T3002" Data "format not recognized":
        "The columns fit no known format. `tanso formats FILE` shows the nearest ones and what is missing; `FORMAT:path` forces one; `columns` in an [[input]] entry of tanso.toml names columns of your own.";
    NOT_TEXT = "T3003" Data "not a text table":
        "The file is another kind of document (HTML, PDF, XLSX, an image). Export it as CSV.";
    WRONG_FILE = "T3004" Data "a known export that does not help":
        "The file is a known export that carries neither usage, cost nor revenue, or one that this version does not read.";
    ENCODING = "T3010" Data "not UTF-8":
        "The text is not valid UTF-8. Save it as UTF-8, or say --encoding latin1 if that is what it is.";
    CONTROL_CHARACTER = "T3011" Data "control character in the text":
        "A NUL or another control character stands in a cell. The file is damaged, or it is not a text table.";
    STRAY_QUOTE = "T3012" Data "stray quotation mark":
        "A quotation mark stands inside a cell that is not quoted, or text follows a closing one. RFC 4180 doubles a quotation mark inside a quoted cell: \"5\"\" disk\".";
    UNCLOSED_QUOTE = "T3013" Data "quotation mark never closed":
        "A cell opens with a quotation mark that nothing closes, so the rest of the file would be swallowed.";
    ROW_WIDTH = "T3014" Data "row of another width":
        "The row has more or fewer cells than the header: a delimiter is missing, or one too many.";
    CUT_OFF = "T3015" Data "file ends in the middle of a row":
        "The last row is incomplete: the download was cut off. Export it again.";
    HEADER = "T3016" Data "header not usable":
        "A required column is missing or stands twice. The message lists the columns found.";
    DELIMITER = "T3017" Data "another delimiter":
        "The file has one column and looks as if it used another delimiter. Say delimiter = \";\" in its [[input]] entry of tanso.toml, or export it with commas.";
    BAD_JSON = "T3018" Data "not valid JSON":
        "The line or document is not valid JSON, or names a key twice.";
    DAMAGED_ARCHIVE = "T3019" Data "damaged compressed file":
        "The compressed file is cut off, fails its checksum, or is followed by other bytes.";
    NOT_A_NUMBER = "T3021" Data "not a number":
        "A cell that must hold a number does not hold one plain decimal. Numbers are read exactly or refused: no currency signs, separators or words. An empty amount is not zero.";
    NEGATIVE_QUANTITY = "T3022" Data "quantity below zero":
        "A quantity (tokens, requests) is negative.";
    FRACTION = "T3023" Data "fraction where a whole number is needed":
        "Tokens and requests are whole numbers; 31422.0 is one, 1.5 is not.";
    NOT_A_TIME = "T3024" Data "not a time stamp":
        "A cell that must hold a date or time does not hold one that can be read without guessing.";
    NO_ZONE = "T3025" Data "time stamp without a zone":
        "The time stamps have no offset and the format has no documented zone. Say tz = \"UTC\" (or the log's zone) in its [[input]] entry of tanso.toml, or --input-tz.";
    SPREADSHEET_DAMAGE = "T3026" Data "damaged by a spreadsheet":
        "An id or amount looks rewritten by a spreadsheet (1.23457E+11, 5-Mar, ########, #REF!). Export the file again and do not open it on the way.";
    MISSING_VALUE = "T3027" Data "value missing":
        "A cell that must be filled is empty. Absent is not zero.";
    TOKEN_CONVENTION = "T3028" Data "cached tokens inside or beside the input":
        "The log has cached tokens, and nothing says whether the input count includes them. Say cached_tokens = \"inside input\" or \"beside input\" in its [[input]] entry of tanso.toml, or --cached-tokens.";
    BAD_VALUE = "T3029" Data "value not understood":
        "A cell holds a word that the format does not have, or a number that cannot stand there, such as a refund larger than its payment.";
    TOTAL_ROW = "T3030" Data "total row inside the data":
        "A row looks like a total of the others; counting it would double the file. Remove it.";
    REPEATED_HEADER = "T3031" Data "header repeated inside the data":
        "A row repeats the header: the file is several exports put together. Pass them as separate files.";
    DUPLICATE_FILE = "T3032" Data "the same file twice":
        "Two inputs have the same content. Counting both would double the numbers.";
    OVERLAP = "T3033" Data "two files for the same money or usage":
        "Two files bill the same provider, line and day, two usage exports of a provider count the same day, two logs have the same calls, or two revenue files have a row with the same customer, invoice, period and amount. Remove one, or say --on-overlap latest to keep the file that reaches further.";
    CONFLICT = "T3034" Data "one request id, different numbers":
        "The log has the same request id twice with different content. Say --on-conflict last (the later one) or max (the one with more tokens), or correct the log.";
    CURRENCIES = "T3035" Data "no exchange rate":
        "Amounts are in another currency than the report, and no rate of their day, or of the seven days before, is known. Two currencies are never added. Pass dated rates with --fx: the ECB's eurofxref-hist.csv, or a table date,from,to,rate.";
    CHANGED_WHILE_READ = "T3036" Data "file changed while it was read":
        "The file's size or time changed during the run. Run again when nothing writes to it.";
    DUPLICATE_RECORD = "T3037" Data "one id, two different rows":
        "Two rows have the same invoice, payment, subscription or price id, but different content.";
    CONTROL_TOTAL = "T3040" Data "control total does not match":
        "The total of the files differs from the one you expect (--expect-bill, --expect-revenue). The difference is exact.";
    NOTHING_IN_PERIOD = "T3041" Data "nothing in the period":
        "No bill, usage or revenue lies in the report period. The message shows what each file covers.";
    NO_PLAN_PRICE = "T3042" Data "plan price not known":
        "The plan's present price is in no file. Say it in tanso.toml, [plan.NAME] price = \"99\", or pass Stripe's prices.csv.";
    CANNOT_READ = "T4001" Io "cannot read":
        "The file does not exist, is a directory, or may not be read.";
    NO_MATCH = "T4002" Io "pattern matches nothing":
        "No file matches the pattern.";
    CANNOT_WRITE = "T4003" Io "cannot write":
        "The output could not be written. A file that was there before is unchanged.";
    LINE_TOO_LONG = "T5001" Limit "line too long":
        "A row is longer than the limit, which guards against damaged files. Raise it with --max-line.";
    TOO_MANY_COLUMNS = "T5002" Limit "too many columns":
        "The file has more columns than the limit, 4,096 unless --max-columns says otherwise.";
    BOMB = "T5003" Limit "unpacks to too much":
        "The compressed file unpacks to more than the limit, at a ratio that no real export has. Raise it with --max-unpacked.";
    OUT_OF_RANGE = "T5004" Limit "number out of range":
        "A sum or product has more than 76 digits.";
    MEMORY = "T5005" Limit "too many request ids":
        "Repeated rows are found by their request ids, which take about 28 bytes each. Those beyond --memory go to a temporary file, and there are more than both hold. Under --on-conflict last or max and --on-overlap latest, where the winning row of each id is kept until the end, they take about 240 bytes each, all in memory. Raise --memory.";
    NO_BILL = "N1001" Note "no bill":
        "No bill covers some of the usage; its cost is estimated from the price book and stands outside the bill's tie-out.";
    PRICED_BY_LOG = "N1002" Note "cost as the log reports it":
        "No bill covers some usage that carries its own cost; that cost is used as the estimate.";
    UNPRICED = "N1003" Warning "usage without a price":
        "Some usage is neither billed nor priced. It is shown with its quantity and counts as no cost, which is not the same as free.";
    SCALED = "N1004" Note "small gap scaled away":
        "The log and the bill differ by less than the tolerance; the bill's amount is shared out in full.";
    NO_REQUEST_ID = "N1005" Note "rows without a request id":
        "Rows without an id cannot be checked for repeats; they are used and counted.";
    BLANK_METER = "N1006" Note "blank quantities":
        "Some rows leave a quantity blank; a blank is read as none of this meter, and counted.";
    CONTEXT_TIER = "N1007" Note "context tier not applied":
        "Some models cost more for long requests. The log is aggregated, so the base price is used.";
    COLUMN_CHOSEN = "N1008" Note "column chosen among several":
        "Several columns could be the customer (or another field). The one used is named; `columns` in tanso.toml overrides it.";
    OVER_LOGGED = "N1009" Warning "log exceeds the bill":
        "The log has more usage than the provider billed. Shares still sum to the bill.";
    UNKNOWN_ITEM = "N1010" Note "bill items without quantities":
        "Some bill items are no known meter; they are spread over the usage of their model or provider and month.";
    CUT_AT_BORDER = "N1011" Note "charges cut at a month's border":
        "A charge covers days of two months; it is cut in proportion to its days.";
    UNPRICED_BLOCKS_SPLIT = "N1012" Warning "charge not shared out for want of a price":
        "A charge covers usage that only its worth could weigh, and that has no price, or neither tokens nor a cost in the log. The charge is unattributed.";
    MIXED_MEASURE = "N1061" Note "compared in money for want of a quantity":
        "Most charges of a model and meter state a quantity and some do not, so log and bill of the whole month are compared in money at book prices. If an export left the quantities out, export it again.";
    SHARED_NOTHING = "N1062" Warning "shared cost without charges":
        "A [[shared]] entry of tanso.toml takes the charges of a provider or for an item, and no charge of the period is one. The names must be those of the bill.";
    NO_CUSTOMER = "N1013" Note "usage rows without a customer":
        "Some usage names no customer. It is used, counted, and its cost is unattributed.";
    EMPTY_EXPORT = "N1014" Warning "export without charges":
        "The export covers days, but has no charge on any of them. If that is not what you expect, export it again.";
    MORE_PAGES = "N1015" Warning "report continues on another page":
        "The report says that more pages follow the last one in the file, so charges are missing. Fetch the next pages and append them.";
    UNBILLED = "N1018" Warning "usage that the bill does not show":
        "The log has usage of a model on days that a bill of its provider covers, and the bill of that month has no charge for the model. It counts as no cost: either the bill is incomplete, or the usage was free.";
    FREE = "N1051" Note "usage of a free model":
        "Some usage is of a model that tanso.toml or its own name declares free. It counts as no cost, and is counted here.";
    PRICED_AT_ZERO = "N1052" Warning "usage at a listed price of 0":
        "A price list has the price 0 for a model that nobody declares free. Some lists write 0 where they do not know. Say free = true for the model in tanso.toml, or state its price.";
    UNKNOWN_TIER = "N1053" Warning "service tier not known":
        "The log names a service tier that no price list and no line of tanso.toml knows. Its usage is priced as standard. State a factor: [provider.NAME] tier = { WORD = \"0.5\" }, or prices with tier = \"WORD\".";
    PRICE_FILE = "N1054" Note "imported price list":
        "Which price list was imported, how many models it has, and what of it is not used.";
    SUPERSEDED = "N1017" Warning "rows left out for a later export":
        "Under --on-overlap latest, charges and revenue rows that another file has too are left out; the file that reaches further counts.";
    SAME_SUMS = "N1081" Warning "two logs may have the same calls":
        "Two logs have exactly the same input and output tokens of a model on a day. With three or more different such sums they would be refused; these are fewer, so it may be chance. If they are the same calls, leave one of the logs out.";
    PASTED_TWICE = "N1082" Warning "every row stands twice":
        "The rows of a log have no request ids, and each of them stands there an even number of times. The file may be pasted below itself, or written twice, and then its usage counts double.";
    REPEATED_LINES = "N1083" Note "equal rows of a bill":
        "A bill has several rows that are alike in everything. They all count, since a bill may have equal lines; but rows pasted twice look the same.";
    MISSING_DAYS = "N1084" Warning "days missing":
        "A log or a bill that has rows on most days has none on some days between, though the other file has. Export it again if these days should not be empty.";
    BILLED_ELSE = "N1085" Warning "bill and log name different providers":
        "A bill, a gateway's for example, has models of which nothing is logged, while the log names another provider for the same models, whom no bill covers. Then the same calls cost twice: on the bill and by estimate. Say who bills the log: billed_by in its [[input]] entry of tanso.toml.";
    PROVIDER_SPELLING = "N1086" Warning "provider of the log without a bill":
        "The log names a provider that no bill has, and a bill of a provider with a similar name has no usage. If they are one, say billed_by in the [[input]] entry of the log in tanso.toml.";
    UNUSED_PROVIDER = "N1087" Warning "provider setting that fits nothing":
        "A [provider.NAME] of tanso.toml names a provider that is in no file and no price list, so it has no effect.";
    DISCOUNT = "N1088" Note "discount on list prices":
        "A [provider.NAME] discount of tanso.toml is taken off the list prices of the provider. `tanso prices` shows list prices; the text says what is left.";
    COUNTED_USAGE = "N1030" Note "usage as the provider counts it":
        "No log covers a provider in some months, so its own usage export stands for one: its projects, keys and users own the usage, mapped or not. Where a log covers the provider, the export only gives quantities.";
    COUNTED_QUANTITY = "N1031" Note "quantities from a usage export":
        "Charges without a quantity take it from the provider's usage export, so that log and bill are compared in quantities.";
    COUNT_DIFFERS = "N1032" Note "bill and usage export differ":
        "The bill states one quantity and the provider's usage export another. The bill's counts.";
    COUNT_NOT_USED = "N1033" Note "usage export could not give quantities":
        "A usage export covers a provider, but not all charges of a model and meter in the month, or it does not tell the bill's projects, keys or tiers apart. These charges are compared in money.";
    NOT_SERVED = "N1016" Note "requests that were not served":
        "Failed, canceled and gateway-cached requests are counted apart; the quantities the log states for them are kept.";
    OWN_TOTAL = "N1040" Warning "bill's own total differs":
        "The bill has a total row, and the rows above it do not sum to it. The rows are used: check that the export is whole and was not filtered.";
    BILLED_ELSEWHERE = "N1041" Note "cost that another provider bills":
        "A gateway names cost of requests that ran on your own keys. The providers bill it themselves, so it is not counted here: counting it would double their bills.";
    GROUPED_BY_TAG = "N1042" Warning "bill grouped by tag":
        "A request with several tags may stand in the row of each of them, so such a report may sum to more than was billed. Export it by user or by model instead.";
    COST_BASIS = "N1025" Note "cost basis of a bill":
        "The bill states several costs. The text says how much counts on the basis of the report and how much the invoice bills; they differ by commitments, prepayments and discounts. `--cost-basis billed` counts what the invoice says.";
    NO_EFFECTIVE_COST = "N1026" Warning "billed usage without effective cost":
        "Usage rows bill an amount but state an effective cost of 0, which would make them free. Some exports do not fill EffectiveCost; `--cost-basis billed` counts what the invoice says.";
    CORRECTIONS = "N1027" Note "rows that correct earlier charges":
        "The bill corrects charges of earlier periods. They count on the days that they correct, and do not make the bill cover these days.";
    JOINED_BY = "N2001" Note "how ids were joined":
        "Which key joined how many ids and how much revenue. Only exact equality joins.";
    UNMAPPED = "N2002" Warning "ids without a customer":
        "Some ids belong to no customer of the mapping. They are rows of their own, ranked by money.";
    ALIKE_IDS = "N2003" Warning "names that differ only in case, blanks or Unicode form":
        "Customers and plans are compared letter by letter, so these count as different ones. Map customers to one, or spell plans alike, if they are one.";
    AMBIGUOUS_JOIN = "N2004" Warning "id fits two customers":
        "Two keys of one billing customer equal two different customers' ids; it is left unmapped.";
    COVERAGE = "N2101" Warning "revenue may be understated":
        "Revenue of a month needs the invoices of the longest billing interval before it, and the export starts later. The rows concerned carry the flag revenue_may_be_understated.";
    GAP = "N2102" Warning "coverage differs":
        "Usage, bills and revenue do not cover the same days.";
    REVENUE_BASIS = "N2103" Note "revenue basis":
        "Which source and basis the revenue comes from.";
    REFUND_DATE = "N2104" Note "refunds without a date":
        "The export does not say when some refunds were made; they count on the payment's date.";
    NOT_CHECKED = "N2106" Warning "status or currency in doubt":
        "Some payments have a status this version does not know: they are counted by Captured and the amounts. Or their amount is the same number in two currencies: such payments give no exchange rate.";
    BALANCES = "N2107" Warning "invoice columns do not add up":
        "Stripe's own columns contradict each other on some invoices: the ending balance is not starting balance + total - amount due, or the tax is not its exclusive and inclusive parts; or the net of a movement of the balance is not its amount less the fee. Total, Tax and the amount are used; export the file again if a spreadsheet has touched it.";
    MISSING_COLUMN = "N2108" Warning "optional column missing":
        "The export was made without a column that the numbers could use. The text says which, and what cannot be told without it.";
    NOT_REVENUE = "N2109" Warning "words that are not known":
        "An export names kinds of movements, or accounts, that this version does not know. Their amounts are kept and named here, and are no revenue.";
    SAME_MONEY = "N2110" Warning "money that two exports may both tell":
        "Payments, refunds or invoices of which no file says whether another export tells the same money, or two systems that tell different amounts of a customer. The text says what counts, what does not, and how much it is. An export that names the invoice and the payment of each row settles it.";
    REPEATS = "N3001" Note "repeated usage rows":
        "Rows with a request id that was already read, alike in everything, are dropped and counted.";
    OUT_OF_PERIOD = "N3002" Note "rows outside the period":
        "Rows that lie outside the report period are counted and not used.";
    IGNORED_COLUMNS = "N3003" Note "columns not used":
        "Columns that the format does not need.";
    FLOAT_COLUMN = "N3004" Note "column stored as binary float":
        "The file itself stores a number as a binary float; its shortest decimal form is read.";
    NO_LINE_END = "N3005" Note "last row without a line end":
        "The file ends behind its last row without a line end, as some programs write it. If the download was cut off exactly there, the last cell may be short; nothing in the file can tell. A control total (--expect-bill) can.";
    RECURRING_ASSUMED = "N4002" Note "invoice taken as recurring":
        "The invoice has no lines that tell recurring from one-off; it is re-priced whole.";
    NO_EFFECT = "N4003" Warning "change without effect":
        "A new price touches no revenue of the period: the plan has no recurring invoice in it, or only invoices of another interval. The text says what to write instead.";
    GRANDFATHERED = "N4004" Note "invoice keeps its price":
        "With --apply renewal or --apply new some recurring invoices of the period keep their price: their renewal is yet to come, their customer is not new, or no subscription tells when they renew.";
    SEATS_INFERRED = "N4005" Note "invoice taken as billed by the seat":
        "The mapping says how many seats a customer has, no subscription says how many an invoice bills, and the customer pays more than the plan's price for one. So the price is taken as that of a seat, and the invoice as one for all seats.";
    NOT_FOUND = "N4006" Warning "no value reaches the goal":
        "--solve found no value that reaches its goal. What is printed is the scenario as it was given, with the answers to other questions.";
    NOT_ALIKE = "N4011" Note "customers left out of a quote":
        "Customers fit --like and are no look-alikes: their seats are not known, their size is another, or the period holds no whole month of them.";
    WITHOUT_COST = "N4012" Warning "look-alikes without any cost":
        "Some look-alikes have no cost in any month. If their usage has no customer in the mapping, the quote is too low; if they really use nothing, it is right.";
    COST_OF_NOBODY = "N4013" Note "cost without a customer is in no quote":
        "A part of the period's cost has no customer, so it is in no look-alike's cost and not in the quote. --residual spread gives billed usage that the log does not explain to the logged customers.";
    BEYOND_HEAVIEST = "N4014" Note "95th percentile beyond the heaviest look-alike":
        "With fewer than 19 look-alikes the 95th percentile lies beyond the heaviest of them, where its tail is extended by the distance of the heaviest few from the others. It is the least certain figure of the quote.";
    NO_GROWTH = "N4015" Note "no growth in a quote":
        "No look-alike has three whole months, so no growth is worked out and none is assumed. Read more months, or state it with --growth.";
}
