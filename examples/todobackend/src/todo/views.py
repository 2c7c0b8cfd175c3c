from rest_framework import serializers, status, viewsets
from rest_framework.response import Response
from rest_framework.reverse import reverse

from todo.models import TodoItem


class TodoItemSerializer(serializers.ModelSerializer):
    url = serializers.SerializerMethodField()

    class Meta:
        model = TodoItem
        fields = ("url", "title", "completed", "order")

    def get_url(self, item):
        return reverse("todoitem-detail", args=[item.pk], request=self.context.get("request"))


class TodoItemViewSet(viewsets.ModelViewSet):
    queryset = TodoItem.objects.order_by("order", "pk")
    serializer_class = TodoItemSerializer

    def clear(self, request):
        TodoItem.objects.all().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
