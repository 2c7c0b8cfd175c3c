from django.urls import path

from todo.views import TodoItemViewSet

items = TodoItemViewSet.as_view({"get": "list", "post": "create", "delete": "clear"})
item = TodoItemViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"})

urlpatterns = [
    path("todos", items, name="todoitem-list"),
    path("todos/<int:pk>", item, name="todoitem-detail"),
]
