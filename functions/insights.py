"""Called by partners' frontends: what leads have come to, how they stand for it, what would mend it (M2, M4 to M6)."""

import azure.functions as func

from shared.domain.permissions import Role
from shared.http.calls import IF_CHANGED, Call, Csv, Response, Svg
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page
from shared.http.shapes.advice_views import AdviceView, advice_view
from shared.http.shapes.insight_queries import ChartQuery, InsightsQuery, SimilarQuery
from shared.http.shapes.insight_views import InsightsView, insights_sheet, insights_view
from shared.http.shapes.similar_views import SimilarView, similar_view
from shared.http.shapes.standing_views import StandingView, standing_view
from shared.usecases.outcomes.find_similar import find_similar
from shared.usecases.outcomes.read_advice import read_advice
from shared.usecases.outcomes.read_insights import read_insights
from shared.usecases.outcomes.read_standing import read_standing

blueprint = func.Blueprint()

USER = frozenset({Role.LEADS_USER})
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("get_insights")
@blueprint.route("partners/{partnerId}/insights", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True, takes=("If-None-Match",), headers=("ETag", "Content-Disposition"))
async def get_insights(call: Call[Nothing, InsightsQuery]) -> Response[InsightsView | Csv]:
    """Read the funnel, rates, times and worth of a period, and of the one before; with `groupBy` told apart (M5).

    As `csv` it is a row for each group, and one for all of them together.
    """
    period = call.query.period(call.at)
    found = await read_insights(
        ports=call.app.ports, partner_id=call.partner_id, period=period, group_by=call.query.group_by
    )
    if call.query.format == "csv":
        name = f"insights-{period.first}-{period.last}.csv"
        return Response(Csv(insights_sheet(found)), headers={"Content-Disposition": f'attachment; filename="{name}"'})
    return Response(insights_view(found))


@blueprint.function_name("get_insights_chart")
@blueprint.route("partners/{partnerId}/insights/chart.svg", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True, **{**IF_CHANGED, "takes": ("If-None-Match", "Accept-Language")})
async def get_insights_chart(call: Call[Nothing, ChartQuery]) -> Response[Svg]:
    """Draw one figure of a period as an SVG, its numbers beside the bars (M5)."""
    # What draws and names is loaded at the first picture: nobody else's cold start waits for it.
    from shared.pages.charts import svg  # noqa: PLC0415
    from shared.pages.views.insights import chart_of  # noqa: PLC0415
    from shared.pages.words import Words  # noqa: PLC0415

    asked = call.query
    found = await read_insights(
        ports=call.app.ports, partner_id=call.partner_id, period=asked.period(call.at), group_by=asked.kind.group_by
    )
    return Response(Svg(svg(chart_of(asked.kind, found, Words(call.language, "UTC", call.at)), call.language)))


@blueprint.function_name("get_standing")
@blueprint.route("partners/{partnerId}/standing", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True, **IF_CHANGED)
async def get_standing(call: Call[Nothing, Nothing]) -> Response[StandingView]:
    """Read how the partner stands in searches, and does by the targets, with numbers (M2)."""
    found = await read_standing(ports=call.app.ports, partner_id=call.partner_id, at=call.at)
    return Response(standing_view(found, call.app.ports.rules.targets))


@blueprint.function_name("find_similar_deals")
@blueprint.route("partners/{partnerId}/leads/{leadId}/similar", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True, **IF_CHANGED)
async def find_similar_deals(call: Call[Nothing, SimilarQuery]) -> Response[Page[SimilarView]]:
    """Find the earlier deals that a lead is like, with what became of them (M4).

    Deals are the partner's leads that were accepted: open, won or lost. The most alike comes first, and what is hardly
    alike is left out.
    """
    found = await find_similar(
        ports=call.app.ports,
        partner_id=call.partner_id,
        person=call.caller.person,
        lead_id=call.lead_id,
        top=call.query.top,
        at=call.at,
    )
    return call.page([similar_view(one, call.caller, call.at, call.translate) for one in found], None)


@blueprint.function_name("get_advice")
@blueprint.route("partners/{partnerId}/advice", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True, **IF_CHANGED)
async def get_advice(call: Call[Nothing, Nothing]) -> Response[Page[AdviceView]]:
    """Read what the partner should mend, the gravest first, each with its number (M6)."""
    found = await read_advice(ports=call.app.ports, partner_id=call.partner_id, at=call.at)
    views = [advice_view(one, call.partner_id, call.app.settings, call.translate) for one in found]
    return call.page(views, None)
