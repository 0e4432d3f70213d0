"""Weights of an export: a closed wave's responses raked to its roster.

Decides when a roster is complete enough. What a weight is, `analysis.raking` decides.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.analysis.facts import School
from app.analysis.raking import NoWeights, rake
from app.db import Database
from app.errors import WaveOpen, WeightsImpossible
from app.models.tables import SurveyResponse, Wave
from app.services import waves


def raked(database: Database, session: Session, row: Wave) -> dict[tuple[School, str], float]:
    """Weigh the stored responses of a wave by (school, group), to the roster's totals of schools and of groups.

    The totals are over all groups, and over all schools; people without a school are one more school. A roster must
    have a line for every confidential group in every school, and for everybody who has answered.

    Raises
    ------
    WaveOpen : while responses may come.
    WeightsImpossible : without responses, with a roster of children or an incomplete one (`missing` lists the lines),
        and when no weights meet the roster (`margin` names the school or group).
    """
    if waves.status_of(row, database.now(session)) != "closed":
        raise WaveOpen("Responses are weighted once they are complete, after the wave has closed.")
    counted = session.exec(
        select(SurveyResponse.school, SurveyResponse.group, func.count())
        .where(SurveyResponse.wave == row.key)
        .group_by(col(SurveyResponse.school), col(SurveyResponse.group))
    )
    people = {(school, group): n for school, group, n in counted}
    if not people:
        raise WeightsImpossible("There are no responses to weigh.")
    if row.roster_unit == "child":
        raise WeightsImpossible("The roster counts children, and nobody knows how many people that is.")
    asked = waves.facts(session, row).groups
    lines = {(school, group.group): eligible for group in asked for school, eligible in group.roster.items()}
    needed = {(school, group.group) for group in asked if group.confidential for school in row.schools}
    missing = sorted((needed | people.keys()) - lines.keys(), key=lambda line: (line[1], line[0] or ""))
    if missing:
        raise WeightsImpossible(
            "The roster has no line for every group and school.",
            missing=[{"group": group, "school": school} for school, group in missing],
        )
    schools: Counter[School] = Counter()
    groups: Counter[str] = Counter()
    for (school, group), eligible in lines.items():
        schools[school] += eligible
        groups[group] += eligible
    try:
        return rake(people, schools, groups)
    except NoWeights as error:
        raise WeightsImpossible(str(error), margin={error.margin[0]: error.margin[1]}) from None
