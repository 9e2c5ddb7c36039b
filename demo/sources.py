"""Every source of the demo company, in the order in which a day is written.

Must agree with `barometer.yaml` at the root of the repository; a test holds the two together.
"""

from demo.crm_sources import CRM_SOURCES
from demo.erp_sources import ERP_SOURCES
from demo.shapes import Source
from demo.survey_sources import SURVEY_SOURCES

SOURCES: tuple[Source, ...] = (*CRM_SOURCES, *ERP_SOURCES, *SURVEY_SOURCES)
