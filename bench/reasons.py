"""Why a goal is missed, and what the machine allows. The report shows these where they apply; figures of floors are beside them."""

WHY = {}
