"""Views of populations in SQL; `$…` are filled in by `sql_populations`."""

_EVER = "DATE '9999-12-29'"

SALES = """
CREATE TABLE record AS
    SELECT account_id AS who, e.order_id, day AS d, coalesce(is_return, false) AS back,
        CASE WHEN back THEN -abs(in_reporting(net_amount, rate))
             ELSE in_reporting(net_amount, rate) END AS net,
        CASE WHEN back THEN -abs(in_reporting(cost, rate)) ELSE in_reporting(cost, rate) END
            AS cost
    FROM $orders e
    LEFT JOIN (
        SELECT order_id, CASE WHEN count(quantity * unit_cost) = count(*)
            THEN sum(round(CAST(quantity AS DECIMAL(12, 2)) * unit_cost, 4)) END AS cost
        FROM erp_order_line GROUP BY order_id
    ) c ON c.order_id = e.order_id
    WHERE lower(trim(coalesce(status, ''))) NOT IN ($cancelled);
CREATE TABLE sale AS SELECT who, order_id, d FROM record WHERE NOT back AND who IS NOT NULL;
CREATE TABLE seller AS SELECT DISTINCT who, d FROM sale;
CREATE TABLE asked AS
    FROM period WHERE period_grain IN ($grains) AND period_start <= DATE '$as_of';
CREATE MACRO is_within(grain, first, since) AS grain <> 'rolling_12m' OR first >= since;
CREATE TABLE sold_period AS
    FROM asked, (SELECT min(d) AS since FROM record)
    SELECT asked.* WHERE last >= since AND is_within(period_grain, period_start, since);
CREATE TABLE at_start AS
    SELECT DISTINCT period_grain, period_start, last, who FROM sold_period
    JOIN seller ON d < period_start AND d >= period_start - $days;
CREATE TABLE at_end AS
    SELECT DISTINCT period_grain, period_start, who FROM sold_period
    JOIN seller ON d <= last AND d > last - $days;
CREATE TABLE active AS
    SELECT DISTINCT period_grain, period_start, last, who FROM sold_period
    JOIN seller ON d <= last AND d >= period_start - $days
    WHERE period_start >= (SELECT min(d) FROM record) + $days;
CREATE TABLE churn AS
    SELECT a.*, a.period_start AS seen, (e.who IS NULL)::INT AS x
    FROM at_start a LEFT JOIN at_end e
        ON (a.period_grain, a.period_start, a.who) = (e.period_grain, e.period_start, e.who)
    WHERE a.period_start >= (SELECT min(d) FROM record) + $days;
CREATE TABLE reactivation AS
    WITH customer AS (SELECT who, min(d) AS d FROM seller GROUP BY who)
    SELECT p.*, c.who, last AS seen,
        ((p.period_grain, p.period_start, c.who) IN (
            SELECT (period_grain, period_start, who) FROM sold_period
            JOIN seller ON d BETWEEN period_start AND last))::INT AS x
    FROM sold_period p JOIN customer c ON c.d < p.period_start
    ANTI JOIN at_start a
        ON (a.period_grain, a.period_start, a.who) = (p.period_grain, p.period_start, c.who);
CREATE TABLE repeat AS
    SELECT p.period_grain, p.period_start, who, last AS seen, (count(*) >= 2)::INT AS x
    FROM sold_period p JOIN sale ON d BETWEEN period_start AND last GROUP BY ALL;
CREATE TABLE to_date AS
    SELECT p.period_grain, p.period_start, who, last AS seen, (count(*) >= 2)::INT AS x
    FROM sold_period p JOIN sale ON d <= last GROUP BY ALL;
CREATE TABLE revenue AS
    SELECT p.period_grain, p.period_start, who, last AS seen, CAST(sum(net) AS DOUBLE) AS x
    FROM sold_period p JOIN record ON d BETWEEN period_start AND last
    WHERE who IS NOT NULL AND net IS NOT NULL
    GROUP BY ALL HAVING count(*) FILTER (NOT back) > 0;
CREATE TABLE bought AS
    SELECT DISTINCT who, d, family FROM sale
    JOIN erp_order_line USING (order_id) LEFT JOIN erp_product USING (product_id);
CREATE TABLE crossing AS
    SELECT p.period_grain, p.period_start, who, last AS seen,
        (count(DISTINCT family) >= 2)::INT AS x
    FROM sold_period p JOIN bought ON d BETWEEN last - $window + 1 AND last
    WHERE family IS NOT NULL AND last - $window + 1 >= (SELECT min(d) FROM bought)
    GROUP BY ALL;
CREATE TABLE lifetime AS
    SELECT period_grain, period_start, last AS seen, who, CAST(sum(net) AS DOUBLE) AS net,
        CAST(sum(net - cost) AS DOUBLE) AS margin,
        CAST(sum(net) FILTER (NOT back) AS DOUBLE) AS gained,
        count(*) FILTER (net IS NULL) = 0 AS valued,
        valued AND count(*) FILTER (cost IS NULL) = 0 AS costed,
        max(d) FILTER (NOT back) + $days <= last AS gone,
        date_diff('day', min(d) FILTER (NOT back),
            least(max(d) FILTER (NOT back) + $days, last)) AS lived
    FROM sold_period JOIN record ON d <= last
    WHERE who IS NOT NULL AND period_grain IN ('month', 'quarter', 'year')
    GROUP BY period_grain, period_start, last, who HAVING count(*) FILTER (NOT back) > 0;
"""

SUPPORT = """
CREATE TABLE contact AS
    SELECT account_id AS who, local_day(opened_at) AS d, cost FROM crm_interaction;
CREATE TABLE cost_of_period AS
    SELECT period_grain, period_start, CAST(sum(cost) AS DOUBLE) AS cost
    FROM sold_period JOIN (
        SELECT d, cost FROM contact UNION ALL
        SELECT incurred_on, in_reporting(amount, rate) FROM $ledger
        WHERE lower(trim(kind)) IN ($kinds)
    ) ON d BETWEEN period_start AND last GROUP BY ALL;
CREATE TABLE opinion AS
    SELECT r.account_id AS who, local_day(r.responded_at) AS d, r.responded_at,
        CASE WHEN x.score >= 9 THEN 'promoter' WHEN x.score <= 6 THEN 'detractor'
             ELSE 'passive' END AS category
    FROM survey_answer x
    JOIN survey_response r ON r.response_id = x.response_id
    JOIN survey s ON s.survey_id = r.survey_id AND s.audience = 'customer'
    JOIN survey_question q ON q.survey_id = r.survey_id AND q.question_id = x.question_id
    WHERE q.metric = 'nps' AND x.score BETWEEN 0 AND 10 AND x.score = floor(x.score);
CREATE TABLE supported AS
    WITH contacts AS (
        SELECT a.period_grain, a.period_start, a.who, count(*) AS contacts, sum(cost) AS cost
        FROM active a JOIN contact c ON c.who = a.who AND c.d BETWEEN a.period_start AND a.last
        GROUP BY ALL
    ), opinions AS (
        SELECT a.period_grain, a.period_start, a.who, arg_max(category, responded_at) AS category
        FROM active a JOIN opinion o ON o.who = a.who AND o.d <= a.last GROUP BY ALL
    )
    SELECT a.*, a.last AS seen, coalesce(contacts, 0) AS contacts,
        CAST(coalesce(c.cost, 0) AS DOUBLE) AS cost, category, coalesce(t.cost, 0) AS total
    FROM active a
    LEFT JOIN contacts c
        ON (a.period_grain, a.period_start, a.who) = (c.period_grain, c.period_start, c.who)
    LEFT JOIN opinions o
        ON (a.period_grain, a.period_start, a.who) = (o.period_grain, o.period_start, o.who)
    LEFT JOIN cost_of_period t
        ON (a.period_grain, a.period_start) = (t.period_grain, t.period_start);
"""

CONTRACTS = f"""
CREATE TABLE dated_contract AS
    SELECT *, coalesce(local_day(signed_at), starts_on) AS signed_on,
        least(coalesce(ends_on, {_EVER}), coalesce(cancelled_on - 1, {_EVER}),
              coalesce(_closed_on - 1, {_EVER})) AS last_on
    FROM crm_contract;
CREATE TABLE contract AS
    SELECT e.*, account_id AS who, rate IS NOT NULL AS has_rate,
        in_reporting(value, rate) AS total, in_reporting(recurring_amount, rate) AS due,
        CASE recurring_unit WHEN 'month' THEN 1 WHEN 'quarter' THEN 3 WHEN 'year' THEN 12 END AS m,
        CASE WHEN kind = 'contract' AND recurring_amount IS NULL THEN 0
             ELSE (CAST(due * 10000 AS BIGINT) * 2 + m) // (2 * m) / 10000.0 END AS monthly,
        list_position([$plans], lower(trim(plan))) AS rank
    FROM $rated e;
CREATE TABLE contract_period AS
    FROM asked, (SELECT min(least(signed_on, starts_on)) AS since FROM contract)
    SELECT asked.* WHERE is_within(period_grain, period_start, since);
CREATE TABLE known_contract_period AS
    FROM contract_period WHERE period_start >= DATE '$contracts_from';
CREATE TABLE moment AS
    SELECT p.*, c.*, c.starts_on < p.period_start AND c.last_on >= p.period_start - 1 AS at_start,
        c.starts_on <= p.last AND c.last_on >= p.last AS at_end
    FROM known_contract_period p, contract c
    WHERE p.period_grain <> 'day' AND (at_start OR at_end);
CREATE TABLE customer AS
    SELECT period_grain, period_start, who, period_start AS seen,
        coalesce(sum(monthly) FILTER (at_start), 0) AS y,
        coalesce(sum(monthly) FILTER (at_end), 0) AS kept,
        count(*) FILTER (at_end) > 0 AND kept > y AS richer,
        coalesce(max(rank) FILTER (at_end) > max(rank) FILTER (at_start), false) AS higher,
        count(*) FILTER (monthly IS NULL) > 0 AS strange,
        count(*) FILTER (at_start AND monthly IS NULL) > 0 AS strange_start
    FROM moment WHERE who IS NOT NULL
    GROUP BY period_grain, period_start, who HAVING count(*) FILTER (at_start) > 0;
CREATE TABLE retained AS
    SELECT * FROM customer WHERE (y > 0 OR strange_start) AND NOT strange;
CREATE TABLE upsold AS
    SELECT *, (richer OR higher)::INT AS x FROM customer WHERE NOT strange OR higher;
CREATE TABLE renewable AS
    SELECT p.period_grain, p.period_start, c.who, c.product_id, c.plan, c.ends_on AS seen,
        EXISTS (FROM contract o WHERE o.contract_id <> c.contract_id AND o.last_on > c.ends_on
            AND o.last_on >= o.starts_on AND o.starts_on <= c.ends_on + $grace
            AND (o.renewed_from = c.contract_id
                 OR (o.renewed_from IS NULL AND o.who = c.who
                     AND o.product_id IS NOT DISTINCT FROM c.product_id
                     AND o.starts_on > c.starts_on AND o.starts_on >= c.ends_on - $grace)))::INT
            AS x
    FROM known_contract_period p JOIN contract c ON c.ends_on BETWEEN p.period_start AND p.last
    WHERE c.who IS NOT NULL AND c.last_on >= c.starts_on AND c.last_on >= c.ends_on
        AND c.ends_on + $grace <= DATE '$as_of';
CREATE TABLE signing AS
    WITH first AS (SELECT who, min(signed_on) AS seen FROM contract
                   WHERE last_on >= starts_on AND who IS NOT NULL GROUP BY who)
    SELECT p.period_grain, p.period_start, c.who, f.seen, CAST(sum(c.total) AS DOUBLE) AS x
    FROM contract_period p
    JOIN contract c ON c.signed_on BETWEEN p.period_start AND p.last AND last_on >= starts_on
    JOIN first f ON f.who = c.who AND f.seen BETWEEN p.period_start AND p.last
    GROUP BY ALL HAVING count(c.total) = count(*);
"""  # noqa: S608 names of this module

PEOPLE = f"""
CREATE TABLE staff AS
    SELECT *, least(coalesce(left_on, {_EVER}), coalesce(_closed_on - 1, {_EVER})) AS last_on
    FROM erp_employee;
CREATE TABLE staff_period AS
    FROM asked, (SELECT min(hired_on) AS since FROM staff)
    SELECT asked.* WHERE period_grain NOT IN ('day', 'week')
        AND period_start >= DATE '$employees_from'
        AND is_within(period_grain, period_start, since);
CREATE TABLE presence AS
    SELECT p.*, s.department, s.region,
        (least(last_on, last) - greatest(hired_on, period_start) + 1)
            / CAST(last - period_start + 1 AS DOUBLE) AS heads,
        (last_on <= last)::INT AS gone, 0 AS cost, 1 AS employees
    FROM staff_period p JOIN staff s ON hired_on <= last AND last_on >= period_start
        AND last_on >= hired_on;
CREATE TABLE course AS
    SELECT p.*, s.department, s.region, 0 AS heads, 0 AS gone,
        in_reporting(t.cost, t.rate) AS cost, 0 AS employees
    FROM staff_period p JOIN $training t ON t.held_on BETWEEN p.period_start AND p.last
    LEFT JOIN staff s ON s.employee_id = t.employee_id
    WHERE t.cost IS NOT NULL AND t.rate IS NOT NULL;
CREATE TABLE trained AS
    FROM course UNION ALL BY NAME
    FROM presence WHERE (period_grain, period_start) IN (
        SELECT (period_grain, period_start) FROM course);
"""  # noqa: S608 names of this module
