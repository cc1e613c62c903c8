"""Routing: which handler answers which request.

The door.  ``routes`` are a method and a handler; ``resources`` are paths; ``subapps`` and
``static`` are resources of their own kind; ``dispatcher`` holds them all and looks them up;
``views`` are handlers that are classes.
"""

from aiohttp.web_urldispatcher.dispatcher import ResourcesView, RoutesView, UrlDispatcher
from aiohttp.web_urldispatcher.resources import (
    PATH_SEP,
    AbstractResource,
    DynamicResource,
    PlainResource,
    PrefixResource,
    Resource,
)
from aiohttp.web_urldispatcher.routes import (
    AbstractRoute,
    MatchInfoError,
    ResourceRoute,
    SystemRoute,
    UrlMappingMatchInfo,
)
from aiohttp.web_urldispatcher.static import StaticResource
from aiohttp.web_urldispatcher.subapps import (
    AbstractRuleMatching,
    Domain,
    MaskDomain,
    MatchedSubAppResource,
    PrefixedSubAppResource,
)
from aiohttp.web_urldispatcher.views import View

__all__ = (
    "PATH_SEP",
    "AbstractResource",
    "AbstractRoute",
    "AbstractRuleMatching",
    "Domain",
    "DynamicResource",
    "MaskDomain",
    "MatchInfoError",
    "MatchedSubAppResource",
    "PlainResource",
    "PrefixResource",
    "PrefixedSubAppResource",
    "Resource",
    "ResourceRoute",
    "ResourcesView",
    "RoutesView",
    "StaticResource",
    "SystemRoute",
    "UrlDispatcher",
    "UrlMappingMatchInfo",
    "View",
)
