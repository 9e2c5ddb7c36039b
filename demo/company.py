"""The simulated company day by day: every generator put together, one frame a stream."""

import polars as pl

from demo import catalog, initiatives, questionnaire
from demo.accounts import accounts
from demo.contracts import Contracts
from demo.crm import Interactions, Leads
from demo.orders import OrderBook
from demo.settings import Settings
from demo.surveys import Surveys
from demo.world import World

SURVEY_TABLES = ("survey_invitation", "survey_response", "survey_answer")


class Company:
    """Clean streams of a day; days must be asked for in order, from 0.

    Args:
        settings: Size and switches. Streams whose tables are not wanted are left out.
    """

    def __init__(self, settings: Settings) -> None:
        self.world = World.of(settings)
        self.contracts = Contracts(self.world)
        self._leads = Leads(self.world)
        self._interactions = Interactions(self.world)
        self._orders = OrderBook(self.world)
        self._surveys = Surveys(self.world)

    def day(self, day: int) -> dict[str, pl.DataFrame]:
        """Stream → clean rows of the day; a stream without an extract that day is absent."""
        wants, world = self.world.settings.wants, self.world
        streams: dict[str, pl.DataFrame] = {}
        if wants("crm_account"):
            streams["crm_accounts"] = accounts(world, day)
        if wants("crm_lead"):
            streams["crm_leads"] = self._leads.day(day)
        if wants("crm_contract"):
            streams["crm_contracts"] = self.contracts.day(day)
        streams |= self._slow(day)
        streams |= self._events(day)
        streams["erp_costs"] = catalog.costs(world, day)
        streams["erp_fx_rates"] = catalog.fx_rates(world, day)
        return streams

    def _events(self, day: int) -> dict[str, pl.DataFrame]:
        """Orders, contacts and the surveys that follow from them."""
        wants = self.world.settings.wants
        streams: dict[str, pl.DataFrame] = {}
        delivered = pl.DataFrame(
            schema={"order_id": pl.String, "_who": pl.Int64, "product_id": pl.String}
        )
        resolved = pl.DataFrame(schema={"interaction_id": pl.String, "_who": pl.Int64})
        if wants("erp_order", "erp_order_line", *SURVEY_TABLES):
            made = self._orders.day(day)
            streams |= {"erp_orders": made.orders.drop("_who"), "erp_order_lines": made.lines}
            delivered = made.delivered
        if wants("crm_interaction", *SURVEY_TABLES):
            contacts = self._interactions.day(day)
            streams["crm_interactions"] = contacts.drop("_who")
            resolved = contacts.filter("_final").select("interaction_id", "_who")
        if wants(*SURVEY_TABLES):
            streams |= self._surveys.day(day, delivered, resolved)
        return streams

    def _slow(self, day: int) -> dict[str, pl.DataFrame]:
        """Snapshots: on the first day and every Monday; some only once."""
        world, streams = self.world, {}
        if day == 0:
            streams["survey_benchmarks"] = initiatives.benchmarks(world)
        if day == world.plan.initiative:
            streams["crm_initiative_members"] = initiatives.members(world)
        if day == 0 or world.settings.date(day).weekday() == 0:
            streams["erp_products"] = catalog.products(world, day)
            streams["erp_employees"] = catalog.employees(world, day)
            streams["erp_trainings"] = catalog.trainings(world, day)
            streams["surveys"] = questionnaire.surveys()
            streams["survey_questions"] = questionnaire.questions()
            streams["crm_initiatives"] = initiatives.initiatives(world)
        return streams
